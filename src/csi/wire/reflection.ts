import {
  createRegistry,
  type DescFile,
  type DescService,
  type MessageInitShape,
  toBinary,
} from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { status } from '@grpc/grpc-js';
import {
  ServerReflection,
  type ServerReflectionRequest,
  type ServerReflectionResponseSchema,
} from '../../proto/grpc/reflection/v1/reflection_pb.js';
import { ServerReflection as ServerReflectionAlpha } from '../../proto/grpc/reflection/v1alpha/reflection_pb.js';
import { type Handlers, type Implementation, implement } from './adapter.js';

type Answer = NonNullable<
  MessageInitShape<typeof ServerReflectionResponseSchema>['messageResponse']
>;

/**
 * gRPC server reflection, so that tools such as grpcurl can list and call what this server serves: v1, and
 * v1alpha for the older ones. @grpc/reflection wants proto-loader's package definitions, which we don't have.
 */
export function reflectionServices(services: readonly DescService[]): Implementation[] {
  const files = filesOf(services);
  const registry = createRegistry(...files.values());

  function answer({ messageRequest }: ServerReflectionRequest): Answer {
    switch (messageRequest.case) {
      case 'listServices':
        return {
          case: 'listServicesResponse',
          value: { service: services.map(({ typeName }) => ({ name: typeName })) },
        };
      case 'fileByFilename':
        return fileAnswer(files.get(messageRequest.value), messageRequest.value);
      case 'fileContainingSymbol':
        return fileAnswer(fileOfSymbol(messageRequest.value), messageRequest.value);
      case 'fileContainingExtension': {
        const { containingType, extensionNumber } = messageRequest.value;
        const extension = extensionsOf(containingType).find(
          ({ number }) => number === extensionNumber,
        );
        return fileAnswer(extension?.file, `${containingType} ${extensionNumber}`);
      }
      case 'allExtensionNumbersOfType':
        return {
          case: 'allExtensionNumbersResponse',
          value: {
            baseTypeName: messageRequest.value,
            extensionNumber: extensionsOf(messageRequest.value).map(({ number }) => number),
          },
        };
      default:
        return notFound('an empty question');
    }
  }

  function fileOfSymbol(symbol: string): DescFile | undefined {
    const type = registry.get(symbol) ?? registry.get(symbol.slice(0, symbol.lastIndexOf('.')));
    return type?.file;
  }

  function extensionsOf(typeName: string) {
    return [...files.values()]
      .flatMap((file) => file.extensions)
      .filter(({ extendee }) => extendee.typeName === typeName);
  }

  const handlers: Handlers<typeof ServerReflection> = {
    async *serverReflectionInfo(requests) {
      for await (const request of requests)
        yield {
          validHost: request.host,
          originalRequest: request,
          messageResponse: answer(request),
        };
    },
  };
  return [implement(ServerReflection, handlers), implement(ServerReflectionAlpha, handlers)];
}

/** The services' files and all that they import, by their names as importers write them. */
function filesOf(services: readonly DescService[]): Map<string, DescFile> {
  const files = new Map<string, DescFile>();
  const add = (file: DescFile) => {
    if (files.has(file.proto.name)) return;
    files.set(file.proto.name, file);
    file.dependencies.forEach(add);
  };
  for (const { file } of services) add(file);
  return files;
}

function fileAnswer(file: DescFile | undefined, wanted: string): Answer {
  if (file === undefined) return notFound(`"${wanted}" is not known here`);
  return {
    case: 'fileDescriptorResponse',
    value: { fileDescriptorProto: [toBinary(FileDescriptorProtoSchema, file.proto)] },
  };
}

function notFound(errorMessage: string): Answer {
  return { case: 'errorResponse', value: { errorCode: status.NOT_FOUND, errorMessage } };
}
