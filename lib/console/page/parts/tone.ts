/** What a colour stands for; a word beside it always says the same. */
export type Tone = 'good' | 'fair' | 'bad' | 'busy' | 'quiet' | 'odd';
