// Package policy turns NetworkPolicies and the pods they select into one
// nftables ruleset. It only renders text: the same world gives the same bytes.
//
// Rules match pod addresses. That is enough on a single node, since kube-proxy
// has already replaced a Service's address when the forward hook is reached.
package policy

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
)

// Table is the name of the nftables table that belongs to this program.
const Table = "devcluster_policy"

// World is everything that the ruleset depends on.
type World struct {
	PodCIDR    netip.Prefix
	Pods       []*core.Pod
	Namespaces map[string]map[string]string // labels by namespace name
	Policies   []*networking.NetworkPolicy
}

// Ruleset renders the script that replaces the whole table in one transaction.
func Ruleset(world World) string {
	world.Pods = slices.DeleteFunc(slices.Clone(world.Pods), func(pod *core.Pod) bool { return !filtered(pod) })
	slices.SortFunc(world.Pods, func(a, b *core.Pod) int { return strings.Compare(key(a), key(b)) })
	world.Policies = slices.Clone(world.Policies)
	slices.SortFunc(world.Policies, func(a, b *networking.NetworkPolicy) int {
		return strings.Compare(a.Namespace+"/"+a.Name, b.Namespace+"/"+b.Name)
	})
	egress, ingress := world.chains("egress"), world.chains("ingress")
	var out strings.Builder
	fmt.Fprintf(&out, "table inet %[1]s {}\ndelete table inet %[1]s\ntable inet %[1]s {\n", Table)
	out.WriteString(egress.bodies + ingress.bodies)
	fmt.Fprintf(&out, "chain egress {\n%s}\nchain ingress {\n%s}\n", egress.jumps, ingress.jumps)
	fmt.Fprintf(&out, "chain forward {\ntype filter hook forward priority 10; policy accept;\n"+
		"ct state established,related accept\n%s%sjump egress\njump ingress\n}\n",
		world.guard("saddr"), world.guard("daddr"))
	// What a pod sends to the node itself is filtered too. What the node sends
	// to a pod (probes, the API server) is not: it takes the output hook.
	fmt.Fprintf(&out, "chain input {\ntype filter hook input priority 10; policy accept;\n"+
		"ct state established,related accept\n%sjump egress\n}\n}\n", world.guard("saddr"))
	return out.String()
}

// filtered tells whether a pod has addresses of its own that are in use.
func filtered(pod *core.Pod) bool {
	ended := pod.Status.Phase == core.PodSucceeded || pod.Status.Phase == core.PodFailed
	return len(pod.Status.PodIPs) > 0 && !pod.Spec.HostNetwork && !ended
}

func key(pod *core.Pod) string { return pod.Namespace + "/" + pod.Name }

// guard drops what pod addresses send (or get) that no known pod has. A pod
// runs for up to a second before the API shows its address; without the guard
// its policies would not hold in that time. Dropped connections are retried by
// TCP, so pods that no policy selects merely start a little later.
func (world World) guard(side string) string {
	if len(world.Policies) == 0 {
		return ""
	}
	known := []string{world.PodCIDR.Masked().Addr().Next().String()} // the bridge
	for _, pod := range world.Pods {
		for _, ip := range pod.Status.PodIPs {
			if family(ip.IP) == "ip" {
				known = append(known, ip.IP)
			}
		}
	}
	return fmt.Sprintf("ip %[1]s %[2]s ip %[1]s != { %[3]s } drop\n",
		side, world.PodCIDR.Masked(), strings.Join(known, ", "))
}

type chainSet struct{ bodies, jumps string }

// chains makes one chain for each pod that is isolated in this direction. A
// packet that a rule allows returns to be judged for the other direction.
func (world World) chains(direction string) chainSet {
	var bodies, jumps strings.Builder
	side := "saddr"
	if direction == "ingress" {
		side = "daddr"
	}
	for i, pod := range world.Pods {
		isolated, rules := world.rules(pod, direction)
		if !isolated {
			continue
		}
		name := fmt.Sprintf("%s_%d", direction, i)
		fmt.Fprintf(&bodies, "chain %s { # %s\n", name, key(pod))
		for _, rule := range rules {
			fmt.Fprintln(&bodies, strings.Join(strings.Fields(rule+" return"), " "))
		}
		bodies.WriteString("drop\n}\n")
		for _, ip := range pod.Status.PodIPs {
			fmt.Fprintf(&jumps, "%s %s %s jump %s\n", family(ip.IP), side, ip.IP, name)
		}
	}
	return chainSet{bodies.String(), jumps.String()}
}

// rules lists what the policies on a pod allow in one direction.
func (world World) rules(pod *core.Pod, direction string) (isolated bool, rules []string) {
	for _, policy := range world.Policies {
		if policy.Namespace != pod.Namespace || !matches(&policy.Spec.PodSelector, pod.Labels) {
			continue
		}
		if direction == "ingress" && restricts(policy, networking.PolicyTypeIngress) {
			isolated = true
			for _, rule := range policy.Spec.Ingress {
				rules = append(rules, cross(
					world.peers(policy.Namespace, rule.From, "saddr"), world.ports(pod, rule.Ports))...)
			}
		}
		if direction == "egress" && restricts(policy, networking.PolicyTypeEgress) {
			isolated = true
			for _, rule := range policy.Spec.Egress {
				rules = append(rules, cross(
					world.peers(policy.Namespace, rule.To, "daddr"), world.ports(nil, rule.Ports))...)
			}
		}
	}
	return isolated, rules
}

// restricts applies the API's default: without policyTypes a policy is about
// ingress, and about egress as well when it has egress rules.
func restricts(policy *networking.NetworkPolicy, kind networking.PolicyType) bool {
	if len(policy.Spec.PolicyTypes) > 0 {
		return slices.Contains(policy.Spec.PolicyTypes, kind)
	}
	return kind == networking.PolicyTypeIngress || len(policy.Spec.Egress) > 0
}

func cross(peers, ports []string) []string {
	var rules []string
	for _, peer := range peers {
		for _, port := range ports {
			rules = append(rules, peer+" "+port)
		}
	}
	return rules
}

func family(address string) string {
	if strings.Contains(address, ":") {
		return "ip6"
	}
	return "ip"
}
