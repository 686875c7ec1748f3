// Package claims gives PersistentVolumeClaims their volumes: it is the loop of an
// external provisioner, and a backend says what a volume is.
//
// Only PersistentVolumes are written here. Binding is left to Kubernetes' own
// volume controller and scheduler, as with any external provisioner.
package claims

import (
	"context"
	"log"
	"time"

	core "k8s.io/api/core/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typed "k8s.io/client-go/kubernetes/typed/core/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	storagelisters "k8s.io/client-go/listers/storage/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/util/workqueue"
)

const (
	workers    = 8
	retryFirst = 100 * time.Millisecond
	retryLast  = 5 * time.Second
)

// task names a claim or a volume that may need work.
type task struct{ namespace, claim, volume string }

// Provisioner serves the storage classes that name it.
type Provisioner struct {
	name    string
	backend Backend
	client  kubernetes.Interface
	events  record.EventRecorder
	claims  corelisters.PersistentVolumeClaimLister
	volumes corelisters.PersistentVolumeLister
	classes storagelisters.StorageClassLister
	queue   workqueue.TypedRateLimitingInterface[task]
}

// Run serves claims until the context ends.
func Run(ctx context.Context, config *rest.Config, name string, backend Backend) {
	config = rest.CopyConfig(config)
	// One client a cluster: the API server's own limits are the ones to meet.
	config.QPS, config.Burst = 500, 1000
	client := kubernetes.NewForConfigOrDie(config)
	broadcaster := record.NewBroadcaster()
	broadcaster.StartRecordingToSink(&typed.EventSinkImpl{Interface: client.CoreV1().Events("")})
	p := &Provisioner{
		name: name, backend: backend, client: client,
		events: broadcaster.NewRecorder(scheme.Scheme, core.EventSource{Component: name}),
		queue: workqueue.NewTypedRateLimitingQueue(
			workqueue.NewTypedItemExponentialFailureRateLimiter[task](retryFirst, retryLast)),
	}
	p.watch(ctx)
	for range workers {
		go p.work(ctx)
	}
	<-ctx.Done()
	p.queue.ShutDown()
}

// watch starts the informers; their events only name what to look at again.
func (p *Provisioner) watch(ctx context.Context) {
	factory := informers.NewSharedInformerFactory(p.client, 0)
	claims := factory.Core().V1().PersistentVolumeClaims()
	volumes := factory.Core().V1().PersistentVolumes()
	classes := factory.Storage().V1().StorageClasses()
	p.claims, p.volumes, p.classes = claims.Lister(), volumes.Lister(), classes.Lister()
	for _, informer := range []cache.SharedIndexInformer{claims.Informer(), volumes.Informer(), classes.Informer()} {
		_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc:    p.note,
			UpdateFunc: func(_, object any) { p.note(object) },
		})
		if err != nil {
			log.Fatalf("watch: %v", err)
		}
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
}

func (p *Provisioner) note(object any) {
	switch object := object.(type) {
	case *core.PersistentVolumeClaim:
		p.queue.Add(task{namespace: object.Namespace, claim: object.Name})
	case *core.PersistentVolume:
		p.queue.Add(task{volume: object.Name})
	}
}

func (p *Provisioner) work(ctx context.Context) {
	for {
		next, stopped := p.queue.Get()
		if stopped {
			return
		}
		if err := p.pass(ctx, next); err != nil {
			log.Printf("%v: %v; trying again", next, err)
			p.queue.AddRateLimited(next)
		} else {
			p.queue.Forget(next)
		}
		p.queue.Done(next)
	}
}
