import Handlebars from 'handlebars';
import type { AttachmentInput } from '../mail/mail-options.interface.js';
import type { HelperOptions, ImageGatherer } from './helper-options.js';

/** An image of the templates' folder. */
export interface TemplateImage {
  readonly filename: string;
  readonly content: Uint8Array;
  readonly cid: string;
}

/** The images that one message embeds, each once. */
export class EmbeddedImages implements ImageGatherer {
  readonly #find: (name: string) => TemplateImage;
  readonly #images = new Map<string, TemplateImage>();

  constructor(find: (name: string) => TemplateImage) {
    this.#find = find;
  }

  /** The image's content id, RFC 2392. */
  embed(name: string): string {
    const image = this.#find(name);
    this.#images.set(image.cid, image);
    return image.cid;
  }

  /** `undefined` where there is none. */
  get attachments(): readonly AttachmentInput[] | undefined {
    return this.#images.size === 0 ? undefined : [...this.#images.values()];
  }
}

/** `{{image 'logo.png' alt='Logo' width=120}}`: an `<img>` of a file that goes with the mail; in a text, its `alt`. */
export function image({ hash, data: { images } }: HelperOptions, name: unknown): unknown {
  const { alt = '', ...attributes } = hash;
  if (!images) return alt;
  let cid: string;
  try {
    cid = images.embed(name as string);
  } catch (cause) {
    // The place of the call belongs to the error, and is added to what is no template error yet.
    throw new Error((cause as Error).message, { cause });
  }
  const shown = Object.entries({ src: `cid:${cid}`, alt, ...attributes })
    .map(([attribute, value]) => ` ${attribute}="${Handlebars.escapeExpression(String(value ?? ''))}"`)
    .join('');
  return new Handlebars.SafeString(`<img${shown}>`);
}
