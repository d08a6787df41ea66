import { createInterface } from 'node:readline/promises';
import { hashPassword } from './passwords.js';

// For RELAY_USERS. The password comes from the input, so that no list of processes shows it.
const lines = createInterface({ input: process.stdin });
for await (const password of lines) {
  console.log(await hashPassword(password));
  break;
}
lines.close();
