// Command provisioner serves the cluster's ordinary storage class: a directory
// below -root for each claim, as a `local` volume of the node, so that fsGroup
// works as with block storage. With an empty -root it makes no directories:
// volumes for fake nodes, where nothing is ever mounted.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"devcluster.invalid/addons/claims"
	core "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/clientcmd"
)

// directories is the backend; without a node its volumes fit any node.
type directories struct{ root, node string }

func main() {
	kubeconfig := flag.String("kubeconfig", "", "path of the kubeconfig to use")
	name := flag.String("name", "", "provisioner that storage classes name")
	root := flag.String("root", "", "directory for the volumes; empty: make none")
	node := flag.String("node", "", "node that has the directories; empty: volumes fit any node")
	flag.Parse()
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		log.Fatalf("kubeconfig: %v", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	claims.Run(ctx, config, *name, directories{*root, *node})
}

func (d directories) path(volume string) string {
	if d.root == "" {
		return filepath.Join("/nonexistent", volume)
	}
	return filepath.Join(d.root, volume)
}

func (d directories) Create(_ context.Context, volume string, claim *core.PersistentVolumeClaim) (core.PersistentVolumeSpec, error) {
	spec := core.PersistentVolumeSpec{
		PersistentVolumeSource: core.PersistentVolumeSource{Local: &core.LocalVolumeSource{Path: d.path(volume)}},
		NodeAffinity:           d.affinity(),
	}
	// An empty volume instead of the files that were asked for would be a lie.
	if source := claims.Source(claim); source != nil {
		return spec, fmt.Errorf("this storage class cannot fill a volume from a %s", source.Kind)
	}
	if d.root == "" {
		return spec, nil
	}
	return spec, os.MkdirAll(d.path(volume), 0o755)
}

func (d directories) Remove(volume string) error {
	if d.root == "" {
		return nil
	}
	return os.RemoveAll(d.path(volume))
}

// affinity ties a volume to its node; the API demands one of local volumes, so
// volumes for any node name an operating system, which all nodes have.
func (d directories) affinity() *core.VolumeNodeAffinity {
	label, value := core.LabelHostname, d.node
	if d.node == "" {
		label, value = core.LabelOSStable, "linux"
	}
	return &core.VolumeNodeAffinity{Required: &core.NodeSelector{NodeSelectorTerms: []core.NodeSelectorTerm{{
		MatchExpressions: []core.NodeSelectorRequirement{{
			Key: label, Operator: core.NodeSelectorOpIn, Values: []string{value},
		}},
	}}}}
}
