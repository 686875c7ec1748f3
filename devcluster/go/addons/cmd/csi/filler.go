package main

import (
	"context"
	"fmt"
	"os"

	"devcluster.invalid/addons/claims"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

var (
	claimResource    = schema.GroupVersionResource{Version: "v1", Resource: "persistentvolumeclaims"}
	snapshotResource = schema.GroupVersionResource{Group: "snapshot.storage.k8s.io", Version: "v1", Resource: "volumesnapshots"}
	contentResource  = snapshotResource.GroupVersion().WithResource("volumesnapshotcontents")
)

// filler is the driver's provisioner: it makes a claim's directory, empty or with
// the files of a snapshot or of another claim.
type filler struct {
	*driver
	client dynamic.Interface
}

func (f *filler) Create(ctx context.Context, volume string, claim *core.PersistentVolumeClaim) (core.PersistentVolumeSpec, error) {
	spec := core.PersistentVolumeSpec{PersistentVolumeSource: core.PersistentVolumeSource{
		CSI: &core.CSIPersistentVolumeSource{Driver: f.name, VolumeHandle: volume},
	}}
	source := claims.Source(claim)
	if source == nil {
		return spec, os.MkdirAll(f.volume(volume), 0o755)
	}
	from, err := f.origin(ctx, claim.Namespace, source)
	if err != nil {
		return spec, err
	}
	return spec, claims.Copy(from, f.volume(volume))
}

func (f *filler) Remove(volume string) error {
	return os.RemoveAll(f.volume(volume))
}

// origin returns the directory of a data source.
func (f *filler) origin(ctx context.Context, namespace string, source *core.TypedObjectReference) (string, error) {
	switch source.Kind {
	case "PersistentVolumeClaim":
		volume, err := f.field(ctx, claimResource, namespace, source.Name, "spec", "volumeName")
		return f.volume(volume), err
	case "VolumeSnapshot":
		content, err := f.field(ctx, snapshotResource, namespace, source.Name, "status", "boundVolumeSnapshotContentName")
		if err != nil {
			return "", err
		}
		handle, err := f.field(ctx, contentResource, "", content, "status", "snapshotHandle")
		return f.snapshot(handle), err
	default:
		return "", fmt.Errorf("this storage class cannot fill a volume from a %s", source.Kind)
	}
}

// field reads one string of an object; that it is not there yet is an error, and
// the claim is looked at again.
func (f *filler) field(ctx context.Context, resource schema.GroupVersionResource, namespace, name string, path ...string) (string, error) {
	object, err := f.client.Resource(resource).Namespace(namespace).Get(ctx, name, meta.GetOptions{})
	if err != nil {
		return "", err
	}
	value, _, err := unstructured.NestedString(object.Object, path...)
	if err == nil && value == "" {
		err = fmt.Errorf("%s %s is not ready to be copied", resource.Resource, name)
	}
	return value, err
}
