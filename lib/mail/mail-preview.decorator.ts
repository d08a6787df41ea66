import 'reflect-metadata';
import type { InlineMessage, MailOptions, Recipients } from './mail-options.interface.js';

/** What a preview gives: a mail, a mail and its options, the options of a Mailable (`data`, `to`, `locale`), or an inline message. */
export type MailPreviewSample =
  | object
  | readonly [mail: object, options: Partial<Recipients> & MailOptions]
  | Partial<InlineMessage>
  | (Partial<Recipients> & MailOptions & { data?: unknown });

/** A static method that gives a sample of its class. */
export interface PreviewMethod {
  readonly key: string | symbol;
  /** For readers. */
  readonly name: string;
}

/**
 * On a static method of a mail class: what it gives is a sample, which the console shows in each locale that there is a template for.
 *
 * @param name for readers; default the method's
 * @example
 * @Mail({ template: 'welcome' })
 * class WelcomeMail {
 *   constructor(readonly name: string) {}
 *   @MailPreview('a long name') static longName() { return new WelcomeMail('Wolfeschlegelsteinhausenbergerdorff'); }
 * }
 */
export function MailPreview(
  name?: string,
): <T extends (...args: never[]) => MailPreviewSample | Promise<MailPreviewSample>>(
  target: Function,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<T>,
) => void {
  return (target, key) => {
    const own = (Reflect.getOwnMetadata(PREVIEWS, target) ?? []) as PreviewMethod[];
    Reflect.defineMetadata(PREVIEWS, [...own, { key, name: name ?? String(key) }], target);
    classes.add(target);
  };
}

/** The previews of a class, in the order in which they stand there. */
export function previewsOf(target: Function): readonly PreviewMethod[] {
  return (Reflect.getOwnMetadata(PREVIEWS, target) ?? []) as PreviewMethod[];
}

/** All classes of this process that have previews: a data class is no provider, and would be found nowhere else. */
export function previewedClasses(): readonly Function[] {
  return [...classes];
}

const PREVIEWS = Symbol.for('nestjs-mail-relay:previews');

const classes = new Set<Function>();
