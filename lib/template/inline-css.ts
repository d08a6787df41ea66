import { RelayConfigurationError } from '../errors/relay-configuration.error.js';

/** Moves the rules of `<style>` into `style=""` attributes. */
export type CssInliner = (html: string) => string;

/**
 * Loads `@css-inline/css-inline`, which is optional. What cannot be an attribute stays in `<style>`: media queries, fonts,
 * `:hover`. Nothing is fetched: linked style sheets stay links.
 *
 * @throws RelayConfigurationError when the package is not there
 */
export async function loadCssInliner(load = () => import('@css-inline/css-inline')): Promise<CssInliner> {
  let library: Awaited<ReturnType<typeof load>>;
  try {
    library = await load();
  } catch (cause) {
    throw new RelayConfigurationError(
      'templates.inlineCss',
      'needs a package that could not be loaded: npm install @css-inline/css-inline',
      cause,
    );
  }
  return (html) => (/<style[\s>]/i.test(html) ? library.inline(html, OPTIONS) : html);
}

const OPTIONS = {
  keepStyleTags: true,
  removeInlinedSelectors: true,
  keepAtRules: true,
  keepLinkTags: true,
  loadRemoteStylesheets: false,
};
