// Command netpol makes the node obey NetworkPolicies: it watches pods,
// namespaces and policies and loads the ruleset that package policy renders.
//
// It assumes a single node and one pod network, and runs where the pods' traffic
// is forwarded. What is not allowed is dropped, so that clients time out.
package main

import (
	"context"
	"flag"
	"log"
	"net/netip"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"devcluster.invalid/addons/policy"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	core "k8s.io/client-go/listers/core/v1"
	networking "k8s.io/client-go/listers/networking/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

// settle is how long changes are collected before the rules are written anew.
const settle = 20 * time.Millisecond

type enforcer struct {
	podCIDR    netip.Prefix
	pods       core.PodLister
	namespaces core.NamespaceLister
	policies   networking.NetworkPolicyLister
	changed    chan struct{}
}

func main() {
	kubeconfig := flag.String("kubeconfig", "", "path of the kubeconfig to use")
	podCIDR := flag.String("pod-cidr", "10.98.0.0/16", "addresses that pods get")
	flag.Parse()
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		log.Fatalf("kubeconfig: %v", err)
	}
	cidr, err := netip.ParsePrefix(*podCIDR)
	if err != nil {
		log.Fatalf("pod CIDR: %v", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	watch(ctx, informers.NewSharedInformerFactory(kubernetes.NewForConfigOrDie(config), 0), cidr).run(ctx)
}

// watch starts the informers and returns when they have seen the whole world.
func watch(ctx context.Context, factory informers.SharedInformerFactory, cidr netip.Prefix) *enforcer {
	pods, namespaces := factory.Core().V1().Pods(), factory.Core().V1().Namespaces()
	policies := factory.Networking().V1().NetworkPolicies()
	e := &enforcer{
		podCIDR: cidr, pods: pods.Lister(), namespaces: namespaces.Lister(), policies: policies.Lister(),
		changed: make(chan struct{}, 1),
	}
	for _, informer := range []cache.SharedIndexInformer{pods.Informer(), namespaces.Informer(), policies.Informer()} {
		_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc:    func(any) { e.note() },
			UpdateFunc: func(any, any) { e.note() },
			DeleteFunc: func(any) { e.note() },
		})
		if err != nil {
			log.Fatalf("watch: %v", err)
		}
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	e.note()
	return e
}

// note remembers that something changed; one reminder is enough for many.
func (e *enforcer) note() {
	select {
	case e.changed <- struct{}{}:
	default:
	}
}

func (e *enforcer) run(ctx context.Context) {
	loaded := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-e.changed:
		}
		time.Sleep(settle)
		wanted := e.ruleset()
		if wanted == loaded {
			continue
		}
		if err := load(ctx, wanted); err != nil {
			log.Printf("%v; trying again", err)
			time.Sleep(time.Second)
			e.note()
			continue
		}
		loaded = wanted
		log.Printf("loaded %d lines", strings.Count(wanted, "\n"))
	}
}

func (e *enforcer) ruleset() string {
	// Listers read from memory and cannot fail with a selector that is valid.
	pods, _ := e.pods.List(labels.Everything())
	namespaces, _ := e.namespaces.List(labels.Everything())
	policies, _ := e.policies.List(labels.Everything())
	byName := map[string]map[string]string{}
	for _, namespace := range namespaces {
		byName[namespace.Name] = namespace.Labels
	}
	return policy.Ruleset(policy.World{PodCIDR: e.podCIDR, Pods: pods, Namespaces: byName, Policies: policies})
}

func load(ctx context.Context, ruleset string) error {
	command := exec.CommandContext(ctx, "nft", "-f", "-")
	command.Stdin = strings.NewReader(ruleset)
	if output, err := command.CombinedOutput(); err != nil {
		return &loadError{err, string(output), ruleset}
	}
	return nil
}

type loadError struct {
	cause           error
	output, ruleset string
}

func (e *loadError) Error() string {
	return "nft refused the rules: " + e.cause.Error() + "\n" + e.output + e.ruleset
}
