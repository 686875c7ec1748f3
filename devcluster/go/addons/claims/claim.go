package claims

import (
	"context"

	core "k8s.io/api/core/v1"
	storage "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Annotations by which Kubernetes and external provisioners speak.
const (
	provisionedBy = "pv.kubernetes.io/provisioned-by"
	selectedNode  = "volume.kubernetes.io/selected-node"
)

// Backend makes what a volume stands for. Its methods may be called again after
// an error or a restart, and then do no harm.
type Backend interface {
	// Create makes a volume for a claim, with the files of the claim's data
	// source where it has one, and returns the part of a volume's spec that
	// says where it is.
	Create(ctx context.Context, volume string, claim *core.PersistentVolumeClaim) (core.PersistentVolumeSpec, error)
	// Remove deletes a volume's files.
	Remove(volume string) error
}

// pass brings one claim or volume forward; calling it again does no harm.
func (p *Provisioner) pass(ctx context.Context, t task) error {
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
	if err := p.provision(ctx, claim, class); err != nil {
		p.events.Event(claim, core.EventTypeWarning, "ProvisioningFailed", err.Error())
		return err
	}
	return nil
}

// class returns the claim's storage class when it is served here, else nil.
func (p *Provisioner) class(claim *core.PersistentVolumeClaim) (*storage.StorageClass, error) {
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

func (p *Provisioner) provision(ctx context.Context, claim *core.PersistentVolumeClaim, class *storage.StorageClass) error {
	name := "pvc-" + string(claim.UID) // the name that Kubernetes' own provisioners use
	if _, err := p.volumes.Get(name); err == nil {
		return nil
	}
	spec, err := p.backend.Create(ctx, name, claim)
	if err != nil {
		return err
	}
	volume := &core.PersistentVolume{
		ObjectMeta: meta.ObjectMeta{Name: name, Annotations: map[string]string{provisionedBy: p.name}},
		Spec:       complete(spec, claim, class),
	}
	_, err = p.client.CoreV1().PersistentVolumes().Create(ctx, volume, meta.CreateOptions{})
	if errors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

// complete adds to a volume's spec what follows from its claim and class.
func complete(spec core.PersistentVolumeSpec, claim *core.PersistentVolumeClaim, class *storage.StorageClass) core.PersistentVolumeSpec {
	spec.Capacity = core.ResourceList{core.ResourceStorage: claim.Spec.Resources.Requests[core.ResourceStorage]}
	spec.AccessModes = claim.Spec.AccessModes
	spec.StorageClassName = class.Name
	spec.PersistentVolumeReclaimPolicy = core.PersistentVolumeReclaimDelete
	if class.ReclaimPolicy != nil {
		spec.PersistentVolumeReclaimPolicy = *class.ReclaimPolicy
	}
	spec.ClaimRef = &core.ObjectReference{
		APIVersion: "v1", Kind: "PersistentVolumeClaim",
		Namespace: claim.Namespace, Name: claim.Name, UID: claim.UID, ResourceVersion: claim.ResourceVersion,
	}
	return spec
}

// remove deletes a released volume and its files when its policy says so.
func (p *Provisioner) remove(ctx context.Context, name string) error {
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
	if err := p.backend.Remove(name); err != nil {
		return err
	}
	err = p.client.CoreV1().PersistentVolumes().Delete(ctx, name, meta.DeleteOptions{})
	if errors.IsNotFound(err) {
		return nil
	}
	return err
}
