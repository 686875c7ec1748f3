// Command provisioner gives claims of one storage class their volumes: a
// directory below -root for each, as a `local` volume of the node, so that
// fsGroup works as with block storage. With an empty -root it makes no
// directories: volumes for fake nodes, where nothing is ever mounted.
//
// Only PersistentVolumes are written here. Binding is left to Kubernetes' own
// volume controller and scheduler, as with any external provisioner.
package main

import (
	"context"
	"flag"
	"log"
	"os/signal"
	"syscall"
	"time"

	core "k8s.io/api/core/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/workqueue"
)

const workers = 8

func main() {
	kubeconfig := flag.String("kubeconfig", "", "path of the kubeconfig to use")
	var p provisioner
	flag.StringVar(&p.name, "name", "devcluster.local", "provisioner that storage classes name")
	flag.StringVar(&p.root, "root", "", "directory for the volumes; empty: make none")
	flag.StringVar(&p.node, "node", "", "node that has the directories; empty: volumes fit any node")
	flag.Parse()
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		log.Fatalf("kubeconfig: %v", err)
	}
	// One client a cluster: the API server's own limits are the ones to meet.
	config.QPS, config.Burst = 500, 1000
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	p.client = kubernetes.NewForConfigOrDie(config)
	p.queue = workqueue.NewTypedRateLimitingQueue(
		workqueue.NewTypedItemExponentialFailureRateLimiter[task](100*time.Millisecond, 30*time.Second))
	p.watch(ctx)
	for range workers {
		go p.work(ctx)
	}
	<-ctx.Done()
	p.queue.ShutDown()
}

// watch starts the informers; their events only name what to look at again.
func (p *provisioner) watch(ctx context.Context) {
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

func (p *provisioner) note(object any) {
	switch object := object.(type) {
	case *core.PersistentVolumeClaim:
		p.queue.Add(task{namespace: object.Namespace, claim: object.Name})
	case *core.PersistentVolume:
		p.queue.Add(task{volume: object.Name})
	}
}

func (p *provisioner) work(ctx context.Context) {
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
