package policy

import (
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"

	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func pod(namespace, name, ip string) *core.Pod {
	return &core.Pod{
		ObjectMeta: meta.ObjectMeta{Namespace: namespace, Name: name, Labels: map[string]string{"app": name}},
		Spec: core.PodSpec{Containers: []core.Container{{
			Ports: []core.ContainerPort{{Name: "http", ContainerPort: 8080}},
		}}},
		Status: core.PodStatus{Phase: core.PodRunning, PodIPs: []core.PodIP{{IP: ip}}},
	}
}

func selects(name string) *meta.LabelSelector {
	return &meta.LabelSelector{MatchLabels: map[string]string{"app": name}}
}

// world has three pods in two namespaces, and the policies of the case.
func world(policies ...networking.NetworkPolicySpec) World {
	w := World{
		PodCIDR:    netip.MustParsePrefix("10.98.0.0/16"),
		Pods:       []*core.Pod{pod("a", "editor", "10.98.0.2"), pod("a", "proxy", "10.98.0.3"), pod("b", "other", "10.98.0.4")},
		Namespaces: map[string]map[string]string{"a": {"team": "a"}, "b": {"team": "b"}},
	}
	for i, spec := range policies {
		w.Policies = append(w.Policies, &networking.NetworkPolicy{
			ObjectMeta: meta.ObjectMeta{Namespace: "a", Name: string(rune('p' + i))}, Spec: spec,
		})
	}
	return w
}

func ingress(rules ...networking.NetworkPolicyIngressRule) networking.NetworkPolicySpec {
	return networking.NetworkPolicySpec{PodSelector: *selects("editor"), Ingress: rules}
}

func egress(rules ...networking.NetworkPolicyEgressRule) networking.NetworkPolicySpec {
	return networking.NetworkPolicySpec{
		PodSelector: *selects("editor"), PolicyTypes: []networking.PolicyType{networking.PolicyTypeEgress}, Egress: rules,
	}
}

func from(peers ...networking.NetworkPolicyPeer) networking.NetworkPolicyIngressRule {
	return networking.NetworkPolicyIngressRule{From: peers}
}

func to(peers ...networking.NetworkPolicyPeer) networking.NetworkPolicyEgressRule {
	return networking.NetworkPolicyEgressRule{To: peers}
}

func port(value intstr.IntOrString) []networking.NetworkPolicyPort {
	return []networking.NetworkPolicyPort{{Port: &value}}
}

// body returns the rules of the one chain that a pod has in a direction.
func body(ruleset, direction string) string {
	_, after, found := strings.Cut(ruleset, "chain "+direction+"_0 { # a/editor\n")
	if !found {
		return "no chain"
	}
	rules, _, _ := strings.Cut(after, "\n}")
	return rules
}

type claim struct {
	claim     string
	spec      networking.NetworkPolicySpec
	direction string
	want      string
}

var (
	udp, end = core.ProtocolUDP, int32(8090)
	number   = intstr.FromInt32(8080)
)

// Who is let through.
var peerClaims = []claim{
	{"no rules allow no one", ingress(), "ingress", "drop"},
	{"an empty rule allows everyone", ingress(from()), "ingress", "return\ndrop"},
	{
		"a pod selector is about the policy's own namespace",
		ingress(from(networking.NetworkPolicyPeer{PodSelector: selects("proxy")})),
		"ingress", "ip saddr { 10.98.0.3 } return\ndrop",
	},
	{
		"a pod of another namespace does not match without a namespace selector",
		ingress(from(networking.NetworkPolicyPeer{PodSelector: selects("other")})), "ingress", "drop",
	},
	{
		"a namespace selector matches all pods there",
		ingress(from(networking.NetworkPolicyPeer{
			NamespaceSelector: &meta.LabelSelector{MatchLabels: map[string]string{"team": "b"}},
		})),
		"ingress", "ip saddr { 10.98.0.4 } return\ndrop",
	},
	{
		"namespace and pod selector must both match",
		ingress(from(networking.NetworkPolicyPeer{
			NamespaceSelector: &meta.LabelSelector{}, PodSelector: selects("other"),
		})),
		"ingress", "ip saddr { 10.98.0.4 } return\ndrop",
	},
	{
		"a selector that cannot be understood allows no one",
		ingress(from(networking.NetworkPolicyPeer{PodSelector: &meta.LabelSelector{
			MatchExpressions: []meta.LabelSelectorRequirement{{Key: "app", Operator: "Resembles"}},
		}})),
		"ingress", "drop",
	},
}

// Which ports are open, and for which direction.
var portClaims = []claim{
	{
		"a block may have exceptions",
		egress(to(networking.NetworkPolicyPeer{IPBlock: &networking.IPBlock{
			CIDR: "0.0.0.0/0", Except: []string{"169.254.169.254/32", "10.0.0.0/8"},
		}})),
		"egress", "ip daddr 0.0.0.0/0 ip daddr != { 169.254.169.254/32, 10.0.0.0/8 } return\ndrop",
	},
	{
		"a named port is the receiving pod's",
		ingress(networking.NetworkPolicyIngressRule{Ports: port(intstr.FromString("http"))}),
		"ingress", "tcp dport 8080 return\ndrop",
	},
	{
		"a named port of egress is looked up in every pod",
		egress(networking.NetworkPolicyEgressRule{Ports: port(intstr.FromString("http"))}),
		"egress", "ip daddr 10.98.0.2 tcp dport 8080 return\nip daddr 10.98.0.3 tcp dport 8080 return\n" +
			"ip daddr 10.98.0.4 tcp dport 8080 return\ndrop",
	},
	{
		"ports may be a range",
		ingress(networking.NetworkPolicyIngressRule{
			Ports: []networking.NetworkPolicyPort{{Port: &number, EndPort: &end}},
		}),
		"ingress", "tcp dport 8080-8090 return\ndrop",
	},
	{
		"a protocol without a port is all its ports",
		ingress(networking.NetworkPolicyIngressRule{Ports: []networking.NetworkPolicyPort{{Protocol: &udp}}}),
		"ingress", "meta l4proto udp return\ndrop",
	},
	{"a policy about egress leaves ingress alone", egress(), "ingress", "no chain"},
	{"a policy with only ingress rules leaves egress alone", ingress(), "egress", "no chain"},
}

func TestRuleset(t *testing.T) {
	for _, c := range append(peerClaims, portClaims...) {
		t.Run(c.claim, func(t *testing.T) {
			ruleset := Ruleset(world(c.spec))
			if got := body(ruleset, c.direction); got != c.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, c.want)
			}
			check(t, ruleset)
		})
	}
}

func TestPoliciesAddUp(t *testing.T) {
	got := body(Ruleset(world(ingress(), ingress(from()))), "ingress")
	if want := "return\ndrop"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestUnknownAddressesAreDroppedOnlyWhereThereArePolicies(t *testing.T) {
	guard := "ip daddr 10.98.0.0/16 ip daddr != { 10.98.0.1, 10.98.0.2, 10.98.0.3, 10.98.0.4 } drop"
	if strings.Contains(Ruleset(world()), guard) {
		t.Error("a cluster without policies filters unknown addresses")
	}
	if !strings.Contains(Ruleset(world(ingress())), guard) {
		t.Error("a cluster with policies lets unknown addresses through")
	}
}

func TestPodsWithoutAnAddressOfTheirOwnAreLeftOut(t *testing.T) {
	w := world(ingress())
	w.Pods[0].Spec.HostNetwork = true
	w.Pods[1].Status.Phase = core.PodSucceeded
	w.Pods[2].Status.PodIPs = nil
	ruleset := Ruleset(w)
	for _, address := range []string{"10.98.0.2", "10.98.0.3", "10.98.0.4"} {
		if strings.Contains(ruleset, address) {
			t.Errorf("%s is in the rules", address)
		}
	}
	check(t, ruleset)
}

func TestTheSameWorldGivesTheSameRules(t *testing.T) {
	w := world(ingress(from()), egress())
	backwards := world(ingress(from()), egress())
	backwards.Pods[0], backwards.Pods[2] = backwards.Pods[2], backwards.Pods[0]
	backwards.Policies[0], backwards.Policies[1] = backwards.Policies[1], backwards.Policies[0]
	if Ruleset(w) != Ruleset(backwards) {
		t.Error("the order in which objects are listed shows in the rules")
	}
}

// check has the real nft read the rules, in a network namespace of its own.
func check(t *testing.T, ruleset string) {
	t.Helper()
	if _, err := exec.LookPath("nft"); err != nil || os.Geteuid() != 0 {
		return
	}
	command := exec.Command("unshare", "--net", "nft", "--check", "--file", "-")
	command.Stdin = strings.NewReader(ruleset)
	if output, err := command.CombinedOutput(); err != nil {
		t.Errorf("nft refuses the rules: %v\n%s\n%s", err, output, ruleset)
	}
}
