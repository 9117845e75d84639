import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['node_modules/', 'dist/', 'coverage/', 'docs/', 'src/checks/registry.ts'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      // `import { type X }` may still load the module under verbatimModuleSyntax.
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // `() => (flag = true)` and `() => done()` are how small callbacks are written here.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true }],
      // Evidence of any shape is described with type parameters that appear once.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      // process.env['NAME'] is how an index signature is read under noPropertyAccessFromIndexSignature.
      '@typescript-eslint/dot-notation': 'off',
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'exit', message: 'It cuts off what a slow pipe has not read yet: set process.exitCode and return.' },
      ],
      'no-restricted-imports': [
        'error',
        {
          paths: [
            { name: '@oclif/core', importNames: ['default'], message: 'Import the part that is needed: the whole costs start-up time.' },
          ],
        },
      ],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
      'prefer-const': 'error',
    },
  },
  {
    files: ['src/checks/**', 'src/indexes/**', 'src/evidence/**', 'src/engine/**', 'src/report/**', 'src/reference/**', 'src/data/**'],
    rules: {
      'no-restricted-globals': [
        'error',
        { name: 'fetch', message: 'Only src/cluster opens a socket.' },
        { name: 'process', message: 'This part is pure: what it needs of the process is an argument.' },
        { name: 'setTimeout', message: 'This part is pure and synchronous.' },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']", message: 'Time is an argument (context.now): the same snapshot gives the same report next year.' },
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'Time is an argument (context.now): the same snapshot gives the same report next year.' },
      ],
    },
  },
  {
    files: ['src/checks/**', 'src/indexes/**'],
    rules: {
      'no-restricted-syntax': [
        'error',
        { selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']", message: 'Time is context.now: the same snapshot gives the same report next year.' },
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'Time is context.now: the same snapshot gives the same report next year.' },
        { selector: ':function[async=true]', message: 'Checks and indexes are synchronous: a promise is how input and output get in.' },
      ],
    },
  },
  {
    files: ['test/**', 'bin/**', '*.config.ts'],
    rules: {
      // Table tests hand deliberately wrong shapes to what must refuse them.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
    },
  },
  { files: ['**/*.js', '**/*.cjs', '**/*.mjs'], ...tseslint.configs.disableTypeChecked },
);
