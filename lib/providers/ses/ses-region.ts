import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';

/**
 * A region by its code. Which of them have SES changes, so that only the form is checked.
 *
 * @see https://docs.aws.amazon.com/general/latest/gr/ses.html
 * @throws RelayConfigurationError
 */
export function regionOf(region: unknown): string {
  if (typeof region === 'string' && REGION.test(region)) return region;
  throw new RelayConfigurationError(
    'ses.region',
    `${JSON.stringify(region)} is no region; give its code, such as 'eu-west-1'`,
  );
}

/** The one that the SDK goes by where none is given. */
export function regionOfEnvironment(): string | undefined {
  return process.env['AWS_REGION'] ?? process.env['AWS_DEFAULT_REGION'];
}

/**
 * The name of a configuration set.
 *
 * @throws RelayConfigurationError
 */
export function configurationSetOf(name: unknown): string {
  if (typeof name === 'string' && CONFIGURATION_SET.test(name)) return name;
  throw new RelayConfigurationError(
    'ses.configurationSet',
    `${JSON.stringify(name)} is no configuration set; its name holds at most 64 letters, digits, - and _`,
  );
}

/** `eu-west-1`, `us-gov-east-1`, `eusc-de-east-1`. */
const REGION = /^[a-z]{2,4}(?:-[a-z]+){1,3}-\d{1,2}$/;

/** https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_CreateConfigurationSet.html */
export const CONFIGURATION_SET = /^[A-Za-z0-9_-]{1,64}$/;
