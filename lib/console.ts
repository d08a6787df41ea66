export { RelayConsoleModule } from './console/relay-console.module.js';
export type { RelayConsoleAsyncOptions, RelayConsoleOptions } from './console/console-options.interface.js';
