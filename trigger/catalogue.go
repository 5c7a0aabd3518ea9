package trigger

import "slices"

// Catalogue lists the triggers that plugins can answer or fire: all of Dokku's,
// those that plugins for Dokku fire among themselves, and ours. The page
// docs/plugins/triggers.md is made from it.
func Catalogue() []Area {
	return []Area{
		{"Life of an app", "An app is made, copied, renamed and removed.", appContracts},
		{"Life of a plugin", "Hooks that are called for one plugin, or for all, by the commands about plugins. They run as root.", pluginContracts},
		{"Who may do what", "A plugin refuses commands, or hides apps from a key.", accessContracts},
		{"Source code", "What is pushed, and how it gets to a build.", gitContracts},
		{"Builds", "An image is made of the source.", buildContracts},
		{"Deploys", "A release is rolled out: started, checked, routed, and the one before retired.", deployContracts},
		{"Options of containers", "Plugins add options of the docker command line. Each handler passes on what it reads before it adds its own.", optionContracts},
		{"Processes", "What an app runs, and how many of each.", processContracts},
		{"Config", "Config vars of apps.", configContracts},
		{"Domains and certificates", "Where an app is served.", domainContracts},
		{"Ports and proxies", "How requests get to an app.", proxyContracts},
		{"Networks", "Addresses of containers.", networkContracts},
		{"Schedulers", "What runs apps. The first argument is the scheduler's name: a handler leaves alone what is meant for another.", schedulerContracts},
		{"Scheduled tasks", "Tasks of app.json and of plugins.", cronContracts},
		{"Storage and resources", "Folders that outlive containers, and limits.", storageContracts},
		{"Logs, reports and registries", "What is shown, and where images go.", reportContracts},
		{"Services", "Fired by the plugins of services, such as dokku-postgres, not by Slipway.", serviceContracts},
	}
}

// ContractOf finds a trigger in the catalogue.
func ContractOf(name string) (Contract, bool) {
	for _, area := range Catalogue() {
		if i := slices.IndexFunc(area.Contracts, func(c Contract) bool { return c.Name == name }); i >= 0 {
			return area.Contracts[i], true
		}
	}
	return Contract{}, false
}

// Nearest is the trigger that was meant by a name that no trigger has; "" when
// none is like it.
func Nearest(name string) string {
	if _, known := ContractOf(name); known {
		return ""
	}
	nearest, least := "", len(name)/4+1
	for _, area := range Catalogue() {
		for _, c := range area.Contracts {
			if d := distance(name, c.Name); d < least || (d == least && nearest == "") {
				nearest, least = c.Name, d
			}
		}
	}
	return nearest
}

// distance counts the letters to insert, remove, replace or swap with the next
// to get from a to b.
func distance(a, b string) int {
	before, row := []int(nil), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			same := 1
			if a[i-1] == b[j-1] {
				same = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+same)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
