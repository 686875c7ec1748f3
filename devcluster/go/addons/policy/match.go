package policy

import (
	"fmt"
	"strings"

	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// matches is false for a selector that cannot be parsed: nothing is allowed by
// a rule that is not understood.
func matches(selector *meta.LabelSelector, set map[string]string) bool {
	parsed, err := meta.LabelSelectorAsSelector(selector)
	return err == nil && parsed.Matches(labels.Set(set))
}

// peers renders one match for each address family and block that a rule names;
// an empty match is everyone, no match at all is no one.
func (world World) peers(namespace string, peers []networking.NetworkPolicyPeer, side string) []string {
	if len(peers) == 0 {
		return []string{""}
	}
	var found []string
	addresses := map[string][]string{}
	for _, peer := range peers {
		if peer.IPBlock != nil {
			found = append(found, block(peer.IPBlock, side))
			continue
		}
		for _, pod := range world.Pods {
			if !world.isPeer(namespace, peer, pod) {
				continue
			}
			for _, ip := range pod.Status.PodIPs {
				addresses[family(ip.IP)] = append(addresses[family(ip.IP)], ip.IP)
			}
		}
	}
	for _, name := range []string{"ip", "ip6"} {
		if len(addresses[name]) > 0 {
			found = append(found, fmt.Sprintf("%s %s { %s }", name, side, strings.Join(addresses[name], ", ")))
		}
	}
	return found
}

func (world World) isPeer(namespace string, peer networking.NetworkPolicyPeer, pod *core.Pod) bool {
	if peer.NamespaceSelector == nil && pod.Namespace != namespace {
		return false
	}
	if peer.NamespaceSelector != nil && !matches(peer.NamespaceSelector, world.Namespaces[pod.Namespace]) {
		return false
	}
	return peer.PodSelector == nil || matches(peer.PodSelector, pod.Labels)
}

func block(ip *networking.IPBlock, side string) string {
	match := fmt.Sprintf("%s %s %s", family(ip.CIDR), side, ip.CIDR)
	if len(ip.Except) > 0 {
		match += fmt.Sprintf(" %s %s != { %s }", family(ip.CIDR), side, strings.Join(ip.Except, ", "))
	}
	return match
}

// ports renders one match for each port of a rule. A named port is looked up in
// the receiving pod; receiver is nil for egress, where any pod may receive.
func (world World) ports(receiver *core.Pod, ports []networking.NetworkPolicyPort) []string {
	if len(ports) == 0 {
		return []string{""}
	}
	var found []string
	for _, port := range ports {
		protocol := core.ProtocolTCP
		if port.Protocol != nil {
			protocol = *port.Protocol
		}
		name := strings.ToLower(string(protocol))
		switch {
		case port.Port == nil:
			found = append(found, "meta l4proto "+name)
		case port.Port.StrVal != "" && receiver != nil:
			for _, number := range named(receiver, port.Port.StrVal, protocol) {
				found = append(found, fmt.Sprintf("%s dport %d", name, number))
			}
		case port.Port.StrVal != "":
			found = append(found, world.namedAnywhere(port.Port.StrVal, protocol)...)
		case port.EndPort != nil:
			found = append(found, fmt.Sprintf("%s dport %d-%d", name, port.Port.IntVal, *port.EndPort))
		default:
			found = append(found, fmt.Sprintf("%s dport %d", name, port.Port.IntVal))
		}
	}
	return found
}

func (world World) namedAnywhere(wanted string, protocol core.Protocol) []string {
	var found []string
	for _, pod := range world.Pods {
		for _, number := range named(pod, wanted, protocol) {
			for _, ip := range pod.Status.PodIPs {
				found = append(found, fmt.Sprintf("%s daddr %s %s dport %d",
					family(ip.IP), ip.IP, strings.ToLower(string(protocol)), number))
			}
		}
	}
	return found
}

func named(pod *core.Pod, wanted string, protocol core.Protocol) []int32 {
	var found []int32
	containers := append(append([]core.Container{}, pod.Spec.InitContainers...), pod.Spec.Containers...)
	for _, container := range containers {
		for _, port := range container.Ports {
			same := port.Protocol == protocol || (port.Protocol == "" && protocol == core.ProtocolTCP)
			if port.Name == wanted && same {
				found = append(found, port.ContainerPort)
			}
		}
	}
	return found
}
