import type { Type } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';

/** The application's own provider of a class; where it has none, a new instance with what the class injects. */
export async function instanceOf<T>(type: Type<T>, modules: ModuleRef): Promise<T> {
  try {
    return modules.get(type, { strict: false });
  } catch {
    return modules.create(type);
  }
}
