// Prints the official FileDescriptorProto of CSI, in protobuf's binary form: what our own proto file is held against.
package main

import (
	"fmt"
	"os"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
)

func main() {
	bytes, err := proto.Marshal(protodesc.ToFileDescriptorProto(csi.File_csi_proto))
	if err == nil {
		_, err = os.Stdout.Write(bytes)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
