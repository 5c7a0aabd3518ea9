package command

import (
	"fmt"
	"strings"
)

// Completion is the completion script for a shell (bash, zsh or fish), made
// from the table. It completes commands, flags, and the names of apps.
func (t *Table) Completion(shell, program string) (string, error) {
	var names []string
	var byCommand strings.Builder
	for _, c := range t.Commands() {
		names = append(names, c.Name)
		if flags := c.Flags(); len(flags) > 0 && shell != "fish" {
			fmt.Fprintf(&byCommand, "    %s) flags='--%s';;\n", c.Name, strings.Join(flags, " --"))
		}
	}
	for _, f := range t.Features() {
		names = append(names, f.Name+":help")
	}
	all := strings.Join(names, " ")
	switch shell {
	case "bash":
		return fmt.Sprintf(bashCompletion, program, all, byCommand.String()), nil
	case "zsh":
		return fmt.Sprintf(zshCompletion, program, all, byCommand.String()), nil
	case "fish":
		var b strings.Builder
		fmt.Fprintf(&b, "complete -c %s -f\n", program)
		for _, c := range t.Commands() {
			fmt.Fprintf(&b, "complete -c %s -n __fish_is_first_arg -a %s -d %s\n", program, fishQuote(c.Name), fishQuote(c.Help))
			for _, f := range c.Flags() {
				fmt.Fprintf(&b, "complete -c %s -n '__fish_seen_subcommand_from %s' -l %s\n", program, c.Name, f)
			}
		}
		fmt.Fprintf(&b, "complete -c %s -n 'not __fish_is_first_arg' -a '(%s --quiet apps:list 2>/dev/null)'\n", program, program)
		return b.String(), nil
	}
	return "", BadInput("Completion is there for bash, zsh and fish, not for %q", shell)
}

func fishQuote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

const bashCompletion = `# bash completion of %[1]s
_%[1]s() {
  local current flags=''
  COMPREPLY=()
  local line="${COMP_LINE:0:COMP_POINT}"
  local -a words
  read -r -a words <<<"$line"
  current="${words[-1]}"
  [[ "$line" == *' ' ]] && current=''
  if (( ${#words[@]} < 2 )) || { (( ${#words[@]} == 2 )) && [[ -n "$current" ]]; }; then
    mapfile -t COMPREPLY < <(compgen -W '%[2]s' -- "$current")
    # a colon begins a new word for readline: give what follows it
    if [[ "$current" == *:* && "$COMP_WORDBREAKS" == *:* ]]; then
      COMPREPLY=("${COMPREPLY[@]#"${current%%:*}:"}")
    fi
    return
  fi
  case "${words[1]}" in
%[3]s  esac
  if [[ "$current" == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$current")
  else
    mapfile -t COMPREPLY < <(compgen -W "$(%[1]s --quiet apps:list 2>/dev/null)" -- "$current")
  fi
}
complete -F _%[1]s %[1]s
`

const zshCompletion = `#compdef %[1]s
_%[1]s() {
  local flags=''
  if (( CURRENT == 2 )); then
    compadd -- ${=:-%[2]s}
    return
  fi
  case "${words[2]}" in
%[3]s  esac
  if [[ "${words[CURRENT]}" == -* ]]; then
    compadd -- ${=flags}
  else
    compadd -- ${(f)"$(%[1]s --quiet apps:list 2>/dev/null)"}
  fi
}
compdef _%[1]s %[1]s
`
