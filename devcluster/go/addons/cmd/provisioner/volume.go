package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	core "k8s.io/api/core/v1"
	storage "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	storagelisters "k8s.io/client-go/listers/storage/v1"
	"k8s.io/client-go/util/workqueue"
)

// Annotations by which Kubernetes and external provisioners speak.
const (
	provisionedBy = "pv.kubernetes.io/provisioned-by"
	selectedNode  = "volume.kubernetes.io/selected-node"
)

// task names a claim or a volume that may need work.
type task struct{ namespace, claim, volume string }

type provisioner struct {
	name, root, node string
	client           kubernetes.Interface
	claims           corelisters.PersistentVolumeClaimLister
	volumes          corelisters.PersistentVolumeLister
	classes          storagelisters.StorageClassLister
	queue            workqueue.TypedRateLimitingInterface[task]
}

// pass brings one claim or volume forward; calling it again does no harm.
func (p *provisioner) pass(ctx context.Context, t task) error {
	if t.volume != "" {
		return p.remove(ctx, t.volume)
	}
	claim, err := p.claims.PersistentVolumeClaims(t.namespace).Get(t.claim)
	if errors.IsNotFound(err) {
		return nil
	}
	if err != nil || claim.Spec.VolumeName != "" || claim.DeletionTimestamp != nil {
		return err
	}
	class, err := p.class(claim)
	if class == nil || err != nil {
		return err
	}
	if waitsForPod(class) && claim.Annotations[selectedNode] == "" {
		return nil
	}
	return p.provision(ctx, claim, class)
}

// class returns the claim's storage class when it is served here, else nil.
func (p *provisioner) class(claim *core.PersistentVolumeClaim) (*storage.StorageClass, error) {
	if claim.Spec.StorageClassName == nil || *claim.Spec.StorageClassName == "" {
		return nil, nil
	}
	class, err := p.classes.Get(*claim.Spec.StorageClassName)
	if errors.IsNotFound(err) || (err == nil && class.Provisioner != p.name) {
		return nil, nil
	}
	return class, err
}

func waitsForPod(class *storage.StorageClass) bool {
	return class.VolumeBindingMode != nil && *class.VolumeBindingMode == storage.VolumeBindingWaitForFirstConsumer
}

func (p *provisioner) provision(ctx context.Context, claim *core.PersistentVolumeClaim, class *storage.StorageClass) error {
	name := "pvc-" + string(claim.UID) // the name that Kubernetes' own provisioners use
	if _, err := p.volumes.Get(name); err == nil {
		return nil
	}
	if p.root != "" {
		if err := os.MkdirAll(p.path(name), 0o755); err != nil {
			return err
		}
	}
	_, err := p.client.CoreV1().PersistentVolumes().Create(ctx, p.volume(name, claim, class), meta.CreateOptions{})
	if errors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

func (p *provisioner) path(volume string) string {
	if p.root == "" {
		return filepath.Join("/nonexistent", volume)
	}
	return filepath.Join(p.root, volume)
}

func (p *provisioner) volume(name string, claim *core.PersistentVolumeClaim, class *storage.StorageClass) *core.PersistentVolume {
	reclaim := core.PersistentVolumeReclaimDelete
	if class.ReclaimPolicy != nil {
		reclaim = *class.ReclaimPolicy
	}
	modes := claim.Spec.AccessModes
	if len(modes) == 0 {
		modes = []core.PersistentVolumeAccessMode{core.ReadWriteOnce}
	}
	return &core.PersistentVolume{
		ObjectMeta: meta.ObjectMeta{Name: name, Annotations: map[string]string{provisionedBy: p.name}},
		Spec: core.PersistentVolumeSpec{
			Capacity:                      core.ResourceList{core.ResourceStorage: claim.Spec.Resources.Requests[core.ResourceStorage]},
			AccessModes:                   modes,
			PersistentVolumeReclaimPolicy: reclaim,
			StorageClassName:              class.Name,
			ClaimRef: &core.ObjectReference{
				APIVersion: "v1", Kind: "PersistentVolumeClaim",
				Namespace: claim.Namespace, Name: claim.Name, UID: claim.UID, ResourceVersion: claim.ResourceVersion,
			},
			PersistentVolumeSource: core.PersistentVolumeSource{Local: &core.LocalVolumeSource{Path: p.path(name)}},
			NodeAffinity:           p.affinity(),
		},
	}
}

// affinity ties a volume to its node; the API demands one of local volumes, so
// volumes for any node name an operating system, which all nodes have.
func (p *provisioner) affinity() *core.VolumeNodeAffinity {
	label, value := core.LabelHostname, p.node
	if p.node == "" {
		label, value = core.LabelOSStable, "linux"
	}
	return &core.VolumeNodeAffinity{Required: &core.NodeSelector{NodeSelectorTerms: []core.NodeSelectorTerm{{
		MatchExpressions: []core.NodeSelectorRequirement{{
			Key: label, Operator: core.NodeSelectorOpIn, Values: []string{value},
		}},
	}}}}
}

// remove deletes a released volume and its files when its policy says so.
func (p *provisioner) remove(ctx context.Context, name string) error {
	volume, err := p.volumes.Get(name)
	if errors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	released := volume.Status.Phase == core.VolumeReleased && volume.DeletionTimestamp == nil
	deletes := volume.Spec.PersistentVolumeReclaimPolicy == core.PersistentVolumeReclaimDelete
	if !released || !deletes || volume.Annotations[provisionedBy] != p.name {
		return nil
	}
	if p.root != "" {
		if err := os.RemoveAll(p.path(name)); err != nil {
			return fmt.Errorf("remove files: %w", err)
		}
	}
	err = p.client.CoreV1().PersistentVolumes().Delete(ctx, name, meta.DeleteOptions{})
	if errors.IsNotFound(err) {
		return nil
	}
	return err
}
