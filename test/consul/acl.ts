import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabConsul } from '../lab/consul.js';
import { labFolder } from '../lab/folder.js';

/** A new token that may do what the rules of a policy say, which gets the name. */
export async function tokenFor(consul: LabConsul, name: string, rules: string): Promise<string> {
  const file = join(labFolder(), 'rules.hcl');
  writeFileSync(file, rules);
  await consul.cli('acl', 'policy', 'create', `-name=${name}`, `-rules=@${file}`);
  const made = await consul.cli('acl', 'token', 'create', `-policy-name=${name}`, '-format=json');
  return (JSON.parse(made) as { readonly SecretID: string }).SecretID;
}
