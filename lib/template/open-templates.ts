import { RelayConfigurationError } from '../errors/relay-configuration.error.js';
import { HandlebarsTemplateEngine } from './handlebars.template-engine.js';
import { TemplateEngine, type TemplateOptions } from './template-engine.js';

/** The templates of one relay: the engine of its configuration, and what renders subjects. */
export class OpenedTemplates {
  /** Left out until there is a folder. */
  engine: TemplateEngine | undefined;
  /** Renders `@Mail({ subject })`, whatever the engine of the bodies is. */
  readonly subjects: HandlebarsTemplateEngine;

  constructor(engine: TemplateEngine | undefined, subjects: HandlebarsTemplateEngine) {
    this.engine = engine;
    this.subjects = subjects;
  }

  /** Adds a feature's folder. @throws RelayConfigurationError when it is not there, or the engine is the application's own */
  add({ dir, prefix }: { dir: string; prefix?: string }): void {
    if (this.engine && this.engine !== this.subjects) {
      throw new RelayConfigurationError(
        'forFeature.templates',
        'cannot be added to a TemplateEngine of your own; let that engine find them',
      );
    }
    this.subjects.addDirectory(dir, prefix);
    this.engine = this.subjects;
  }

  close(): void {
    this.subjects.close();
  }
}

/** @throws RelayConfigurationError for what is wrong in the options */
export async function openTemplates(
  given: TemplateEngine | TemplateOptions | undefined,
  { watch }: { watch: boolean },
): Promise<OpenedTemplates> {
  if (given === undefined) return new OpenedTemplates(undefined, new HandlebarsTemplateEngine({ dir: [], watch }));
  if (isEngine(given)) return new OpenedTemplates(given, new HandlebarsTemplateEngine({ dir: [] }));
  const engine = new HandlebarsTemplateEngine({ ...given, watch });
  await engine.prepare();
  return new OpenedTemplates(engine, engine);
}

function isEngine(given: TemplateEngine | TemplateOptions): given is TemplateEngine {
  return given instanceof TemplateEngine || 'render' in given;
}
