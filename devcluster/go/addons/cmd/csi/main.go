// Command csi is a CSI driver for volumes that can be cloned and snapshotted: a
// volume is a directory, mounting it a bind mount, and a snapshot a copy. One
// process is the driver's node and controller part and its provisioner.
//
// It takes its socket, its registration with the kubelet and the sidecar that
// makes snapshots from the CSI specification, so that nothing above it differs
// from a driver for real disks.
package main

import (
	"context"
	"flag"
	"log"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"devcluster.invalid/addons/claims"
	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/clientcmd"
	registration "k8s.io/kubelet/pkg/apis/pluginregistration/v1"
)

func main() {
	kubeconfig := flag.String("kubeconfig", "", "path of the kubeconfig to use")
	kubelet := flag.String("kubelet-dir", "/var/lib/kubelet", "the kubelet's directory")
	var d driver
	flag.StringVar(&d.name, "name", "", "the driver's name, which storage classes give as their provisioner")
	flag.StringVar(&d.root, "root", "", "directory for volumes and snapshots")
	flag.StringVar(&d.node, "node", "", "the node's name")
	flag.Parse()
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		log.Fatalf("kubeconfig: %v", err)
	}
	d.socket = filepath.Join(*kubelet, "plugins", d.name, "csi.sock")
	for _, kind := range []string{"volumes", "snapshots"} {
		if err := os.MkdirAll(filepath.Join(d.root, kind), 0o755); err != nil {
			log.Fatal(err)
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()

	calls := grpc.NewServer()
	csi.RegisterIdentityServer(calls, &d)
	csi.RegisterControllerServer(calls, &d)
	csi.RegisterNodeServer(calls, &d)
	go serve(calls, d.socket)
	registrar := grpc.NewServer()
	registration.RegisterRegistrationServer(registrar, registrant{driver: &d})
	// The kubelet finds the driver by this socket.
	go serve(registrar, filepath.Join(*kubelet, "plugins_registry", d.name+"-reg.sock"))
	claims.Run(ctx, config, d.name, &filler{&d, dynamic.NewForConfigOrDie(config)})
}

// serve answers calls on a socket; one of an earlier process is replaced.
func serve(server *grpc.Server, path string) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		log.Fatal(err)
	}
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		log.Fatal(err)
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(server.Serve(listener))
}

// registrant tells the kubelet where the driver is.
type registrant struct {
	registration.UnsafeRegistrationServer
	*driver
}

func (r registrant) GetInfo(context.Context, *registration.InfoRequest) (*registration.PluginInfo, error) {
	return &registration.PluginInfo{
		Type: registration.CSIPlugin, Name: r.name, Endpoint: r.socket, SupportedVersions: []string{"1.0.0"},
	}, nil
}

func (r registrant) NotifyRegistrationStatus(_ context.Context, got *registration.RegistrationStatus) (*registration.RegistrationStatusResponse, error) {
	if !got.PluginRegistered {
		log.Printf("the kubelet refuses the driver: %s", got.Error)
	}
	return &registration.RegistrationStatusResponse{}, nil
}
