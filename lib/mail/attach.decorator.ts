import 'reflect-metadata';

/** What a decorated member attaches. */
export interface AttachedMember {
  readonly key: string | symbol;
  readonly filename?: string;
  readonly contentType?: string;
  /** Set for inline parts. */
  readonly cid?: string;
}

/**
 * On a property, getter or method of a mail class: what it gives (an attachment, content, or `undefined` for none) is attached,
 * and is not part of the context.
 *
 * @example
 * @Attach({ filename: 'terms.pdf' }) terms() { return { path: 'assets/terms.pdf' }; }
 */
export function Attach(options: { filename?: string; contentType?: string } = {}): PropertyDecorator & MethodDecorator {
  return (target: object, key: string | symbol) => addMember(target, { key, ...options });
}

/** The same, inline: `<img src="cid:logo">`. The default `cid` is the member's name. */
export function Inline(cid?: string, options: { contentType?: string } = {}): PropertyDecorator & MethodDecorator {
  return (target: object, key: string | symbol) => addMember(target, { key, cid: cid ?? String(key), ...options });
}

/** The decorated members of a class, those of the classes it extends first. */
export function attachedMembersOf(prototype: object): readonly AttachedMember[] {
  let members = known.get(prototype);
  if (!members) known.set(prototype, (members = collect(prototype)));
  return members;
}

const ATTACHED_METADATA = Symbol.for('nestjs-mail-relay:attached');

/** Asked for with each mail that is sent. */
const known = new WeakMap<object, readonly AttachedMember[]>();

function collect(prototype: object): readonly AttachedMember[] {
  const parent = Object.getPrototypeOf(prototype) as object | null;
  const inherited = parent && parent !== Object.prototype ? attachedMembersOf(parent) : [];
  const own = (Reflect.getOwnMetadata(ATTACHED_METADATA, prototype) ?? []) as AttachedMember[];
  return [...inherited.filter(({ key }) => !own.some((member) => member.key === key)), ...own];
}

function addMember(prototype: object, member: AttachedMember): void {
  const own = (Reflect.getOwnMetadata(ATTACHED_METADATA, prototype) ?? []) as AttachedMember[];
  Reflect.defineMetadata(ATTACHED_METADATA, [...own, member], prototype);
}
