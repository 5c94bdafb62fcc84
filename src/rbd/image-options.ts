import { VolumeError } from '../volume/errors.js';
import type { ImageLayout } from '../volume/store.js';
import { CONSTANTS, FEATURES } from './declarations.js';
import { CephError, check, EDOM, EINVAL } from './errno.js';
import { call, type Handle, Memory } from './native.js';

export type ImageOptions = Handle<'rbd_image_options_t'>;

const FORMAT = 2;
/** What librbd answers to options that no image can have. */
const UNFIT: readonly number[] = [EINVAL, EDOM];

/** Works with librbd's options for an image of this layout. A refusal by librbd says what cannot be had. */
export async function withOptions<T>(
  layout: ImageLayout,
  operation: string,
  work: (options: ImageOptions) => Promise<T>,
): Promise<T> {
  using memory = new Memory(8);
  call('rbd_image_options_create', memory.address);
  const options = memory.handle(0, 'rbd_image_options_t');
  try {
    setOptions(options, layout, operation);
    return await work(options);
  } catch (error) {
    if (!(error instanceof CephError) || !UNFIT.includes(error.errno)) throw error;
    if (layout.sizeBytes > mostBytes(layout)) tooLarge(layout.sizeBytes, error);
    const problem = 'the cluster takes no image of that size, features, object size and stripes';
    throw new VolumeError('invalid-field', { field: 'parameters', problem }, { cause: error });
  } finally {
    call('rbd_image_options_destroy', options);
  }
}

/** Of an image with the feature object-map, which librbd gives every image that asks for none. */
const MOST_OBJECTS = 256_000_000n;
const DEFAULT_OBJECT_SIZE = 1n << 22n;

function mostBytes({ objectSize = DEFAULT_OBJECT_SIZE }: ImageLayout): bigint {
  return MOST_OBJECTS * objectSize;
}

export function tooLarge(sizeBytes: bigint, cause: unknown): never {
  const problem = `${sizeBytes} bytes are more than an image of its object size and features can have`;
  throw new VolumeError('capacity-out-of-range', { problem }, { cause });
}

function setOptions(options: ImageOptions, layout: ImageLayout, operation: string): void {
  const { features, objectSize, stripeUnit, stripeCount, dataPool } = layout;
  const set = (name: number, value: bigint | number | undefined) => {
    if (value !== undefined)
      check(call('rbd_image_options_set_uint64', options, name, value), operation);
  };
  set(CONSTANTS.RBD_IMAGE_OPTION_FORMAT, FORMAT);
  set(CONSTANTS.RBD_IMAGE_OPTION_FEATURES, features?.reduce(addFeature, 0n));
  set(CONSTANTS.RBD_IMAGE_OPTION_ORDER, objectSize && objectSize.toString(2).length - 1);
  set(CONSTANTS.RBD_IMAGE_OPTION_STRIPE_UNIT, stripeUnit);
  set(CONSTANTS.RBD_IMAGE_OPTION_STRIPE_COUNT, stripeCount);
  if (dataPool === undefined) return;
  const option = CONSTANTS.RBD_IMAGE_OPTION_DATA_POOL;
  check(call('rbd_image_options_set_string', options, option, dataPool), operation);
}

function addFeature(bits: bigint, feature: string): bigint {
  const bit = FEATURES[feature];
  if (bit !== undefined) return bits | bit;
  const problem = `unknown feature "${feature}"; known are ${Object.keys(FEATURES).join(', ')}`;
  throw new VolumeError('invalid-field', { field: 'parameters', problem });
}
