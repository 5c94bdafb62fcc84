import { MESOS_VARIABLES, THIS_AGENT } from '../../mesos/settings.js';
import { GENERAL_OPTIONS, option, optionList, orVariable } from '../flags.js';

const general = (value: string, description: string, variable: string) =>
  option({ value, helpGroup: GENERAL_OPTIONS, description: orVariable(description, variable) });

/** Which plugin is asked beside Mesos. */
export const pluginOfMesos = {
  endpoint: general('address', 'The gRPC address of the plugin.', 'PANNIER_ENDPOINT'),
};

/** How Mesos is reached. */
export const mesosFlags = {
  agent: optionList({
    value: 'addr',
    helpGroup: GENERAL_OPTIONS,
    description: orVariable(
      `The address of a Mesos agent: http://host:5051, https://host:5051 or host:5051. Without it, those that the master knows, or ${THIS_AGENT.text}.`,
      MESOS_VARIABLES.agent,
    ),
  }),
  master: general(
    'addr',
    'The address of a Mesos master, of which all agents are asked: http://host:5050, https://host:5050 or host:5050.',
    MESOS_VARIABLES.master,
  ),
  credential: general(
    'path',
    'A file with a principal and its secret for Mesos, in either form that Mesos itself reads.',
    MESOS_VARIABLES.credential,
  ),
  'mesos-ca-cert': general(
    'path',
    "A file with the certificate of the authority that signed Mesos's, in PEM.",
    MESOS_VARIABLES['mesos-ca-cert'],
  ),
  'mesos-client-cert': general(
    'path',
    'A file with a certificate to show to Mesos, in PEM.',
    MESOS_VARIABLES['mesos-client-cert'],
  ),
  'mesos-client-key': general(
    'path',
    'A file with the key of -mesos-client-cert, in PEM.',
    MESOS_VARIABLES['mesos-client-key'],
  ),
};
