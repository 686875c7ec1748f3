// Command coredns is CoreDNS with only the plugins that the development
// cluster's Corefile names, so that it builds quickly and its image is small.
package main

import (
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"

	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/ready"
	_ "github.com/coredns/coredns/plugin/reload"
	_ "github.com/coredns/coredns/plugin/template"
)

// CoreDNS runs plugins in the order of this list, whatever the order in the
// Corefile: a query reaches `template` before `kubernetes`.
func init() {
	dnsserver.Directives = []string{
		"reload", "health", "ready", "errors", "cache", "template", "kubernetes",
	}
}

func main() {
	coremain.Run()
}
