import type { MessageInitShape } from '@bufbuild/protobuf';
import type { VolumeContentSource, VolumeContentSourceSchema } from '../proto/csi/v1/csi_pb.js';

/** What a volume was made from, as -json and -t have it. */
export interface ContentSource {
  readonly kind: 'snapshot' | 'volume';
  readonly id: string;
}

/** The source in an answer; null where there is none. */
export function contentSource(message: VolumeContentSource | undefined): ContentSource | null {
  const type = message?.type;
  switch (type?.case) {
    case 'snapshot':
      return { kind: 'snapshot', id: type.value.snapshotId };
    case 'volume':
      return { kind: 'volume', id: type.value.volumeId };
    default:
      return null;
  }
}

/** CSI's VolumeContentSource for a source. */
export function toContentSource({
  kind,
  id,
}: ContentSource): MessageInitShape<typeof VolumeContentSourceSchema> {
  return kind === 'snapshot'
    ? { type: { case: 'snapshot', value: { snapshotId: id } } }
    : { type: { case: 'volume', value: { volumeId: id } } };
}

/** For a person: `snapshot c/rbd/image@name`. */
export function describeSource(source: ContentSource | null): string | undefined {
  return source === null ? undefined : `${source.kind} ${source.id}`;
}
