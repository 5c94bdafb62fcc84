import { nomadJson } from '../../spec/nomad.js';
import type { Output } from '../output.js';
import { sizeInWords } from '../sizes.js';
import { describeWay } from '../way.js';
import type { Action, Change, VolumePlan } from './plan.js';
import type { PlannedRequest } from './requests.js';

const ACTIONS: Readonly<Record<Action, { readonly mark: string; readonly words: string }>> = {
  create: { mark: '+', words: 'is created' },
  register: { mark: '+', words: 'is registered in Nomad' },
  update: { mark: '~', words: 'is changed' },
  resend: { mark: '~', words: 'is sent again, since Nomad does not tell all that it has' },
  none: { mark: '=', words: 'is as the specification says' },
  refuse: { mark: '!', words: 'cannot become what the specification says' },
};

const INDENT = '    ';

/** A plan for a person. */
export function describePlans(output: Output, plans: readonly VolumePlan[]): string {
  const [first] = plans;
  return [
    ...(first === undefined ? [] : [`Goes ${describeWay(first.way)}`]),
    ...plans.map((plan) => describePlan(output, plan)),
    summary(plans),
  ].join('\n\n');
}

function describePlan(output: Output, plan: VolumePlan): string {
  const { mark, words } = ACTIONS[plan.action];
  const where = plan.namespace === null ? '' : ` in namespace "${plan.namespace}"`;
  return [
    output.heading(`${mark} Volume "${plan.id || plan.name}"${where} ${words}`),
    ...now(plan).map((line) => INDENT + line),
    ...plan.notes.map((note) => `${INDENT}Note: ${note}`),
    ...plan.changes.map((change) => INDENT + describeChange(change)),
    ...plan.requests.map(describeRequest),
  ].join('\n');
}

function now({ now: { nomad, controller } }: VolumePlan): string[] {
  return [
    ...(nomad === undefined
      ? []
      : [nomad === null ? 'Nomad has no such volume' : `Nomad has it as "${nomad.ExternalID}"`]),
    ...(controller === undefined
      ? []
      : [
          controller === null
            ? 'The plugin has no such volume'
            : `The plugin has "${controller.id}" with ${sizeInWords(controller.capacityBytes)}${
                controller.nodes.length === 0 ? '' : `, on ${controller.nodes.join(', ')}`
              }`,
        ]),
  ];
}

/** `capacity_min: 1 GiB -> 2 GiB`. */
export function describeChange({ field, from, to, refused }: Change): string {
  const shown = from === undefined ? '(not told)' : (from ?? '(none)');
  const why = refused === undefined ? '' : ` (${refused})`;
  return `${field}: ${shown} -> ${to ?? '(none)'}${why}`;
}

function describeRequest(request: PlannedRequest): string {
  const [title, body] =
    'rpc' in request
      ? [
          `${request.rpc}${request.byNomad ? ', which Nomad sends to the plugin' : ''}`,
          request.request,
        ]
      : [`${request.method} ${request.path}`, request.body];
  const json = nomadJson(body, 2).replaceAll('\n', `\n${INDENT}`);
  return `\n${INDENT}${title}\n${INDENT}${json}`;
}

function summary(plans: readonly VolumePlan[]): string {
  const count = (...actions: readonly Action[]) =>
    plans.filter(({ action }) => actions.includes(action)).length;
  const parts = [
    `${count('create', 'register')} to create or register`,
    `${count('update', 'resend')} to change`,
    `${count('none')} that need nothing`,
    ...(count('refuse') > 0 ? [`${count('refuse')} that cannot be applied`] : []),
  ];
  return `Plan: ${parts.join(', ')}.`;
}
