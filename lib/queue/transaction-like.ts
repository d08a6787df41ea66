/** A transaction of the application's own: pg's client, TypeORM's EntityManager, Prisma's or Drizzle's transaction. */
export type TransactionLike =
  | { query(text: string, params: unknown[]): Promise<{ rows: unknown[] }> } // pg client
  | { queryRunner?: unknown; query<T>(text: string, params?: unknown[]): Promise<T>; getRepository: unknown } // TypeORM EntityManager
  | { $queryRawUnsafe<T>(text: string, ...params: unknown[]): PromiseLike<T> } // Prisma
  | { execute(query: unknown): PromiseLike<unknown>; rollback(): never }; // Drizzle
