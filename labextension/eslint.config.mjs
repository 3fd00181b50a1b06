// What is checked beyond types: typescript-eslint's strict rules, and that text stays text.
import tseslint from 'typescript-eslint';

const MARKUP = 'Text is shown as text, never as markup.';

export default tseslint.config(
  { ignores: ['**/*.mjs'] },
  ...tseslint.configs.strict,
  {
    rules: {
      // Namespaces of constants, as JupyterLab writes its command ids.
      '@typescript-eslint/no-namespace': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      eqeqeq: 'error',
      'no-console': ['error', { allow: ['debug', 'warn', 'error'] }],
      'no-eval': 'error',
      'no-restricted-properties': [
        'error',
        { property: 'innerHTML', message: MARKUP },
        { property: 'outerHTML', message: MARKUP },
        { property: 'insertAdjacentHTML', message: MARKUP }
      ],
      'no-restricted-syntax': [
        'error',
        { selector: 'JSXAttribute[name.name="dangerouslySetInnerHTML"]', message: MARKUP }
      ]
    }
  }
);
