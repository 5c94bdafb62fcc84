/**
 * The packages that stay beside the bundle: koffi loads a native library, and hcl2-parser is as large as all the rest
 * and only read for some specifications.
 */
export const EXTERNAL = ['koffi', 'hcl2-parser'] as const;
