/**
 * The first line of a versioned cell, as a magic or as a comment that every editor reads. Pure.
 */

const MAGIC = /^(\s*)%%version_model[ \t]*([^\n]*)/;
const COMMENT = /^(\s*)#[ \t]*snapbook:[ \t]*version_model\b[ \t]*([^\n]*)/;

/** `%%version_model churn` as `# snapbook: version_model churn`; null for any other cell. */
export function commentForm(source: string): string | null {
  return MAGIC.test(source)
    ? source.replace(MAGIC, (_, space: string, words: string) =>
        `${space}# snapbook: version_model ${words}`.trimEnd()
      )
    : null;
}

/** The other way round. */
export function magicForm(source: string): string | null {
  return COMMENT.test(source)
    ? source.replace(COMMENT, (_, space: string, words: string) =>
        `${space}%%version_model ${words}`.trimEnd()
      )
    : null;
}
