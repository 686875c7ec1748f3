"""The one script that brings a person's dotfiles into a home, on every platform.

Rule: nothing in the home is ever lost. What stands in the way is moved beside, what a person has
changed is not updated, and a clone takes its place only when it is whole. What is done is said:
what ran and how it ended, or how many files were linked, or that nothing was taken.
"""

from kode.api.dotfiles import Dotfiles

SCRIPTS = (
    *("install.sh", "install", "bootstrap.sh", "bootstrap", "script/bootstrap"),
    *("setup.sh", "setup", "script/setup"),
)
"""What a repository is installed by, the first that there is. One whose name does not end in .sh
must be executable: else it may be anything."""

# For sh, not bash: an image may have no other. Its arguments are repository, ref and install; HOME
# is the home. Where git cannot be reached, what an earlier start has brought is good enough. What
# people are to know of a start that went well is a container's message, where there is one.
_SCRIPT = r"""
set -u
repository=$1 ref=$2 install=$3
set -- SCRIPTS
commit=
remark=${KODE_REMARK:-/dev/termination-log}
folder=$HOME/.dotfiles fresh=$HOME/.dotfiles.new

say() { printf 'dotfiles: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

command -v git >/dev/null 2>&1 ||
    fail 'there is no git here; take an image that has it, or leave dotfiles out'
export GIT_TERMINAL_PROMPT=0
export GIT_SSH_COMMAND="${GIT_SSH_COMMAND:-ssh -o BatchMode=yes -o ConnectTimeout=20 \
-o StrictHostKeyChecking=accept-new}"
patient() { git -c http.lowSpeedLimit=1 -c http.lowSpeedTime=30 "$@"; }
there() { git -C "$folder" "$@"; }

# The commit that is wanted, in the repository of a folder.
wanted() {
    if [ -z "$ref" ]; then
        git -C "$1" rev-parse --verify --quiet 'refs/remotes/origin/HEAD^{commit}'
        return
    fi
    for name in "refs/remotes/origin/$ref" "refs/tags/$ref"; do
        git -C "$1" rev-parse --verify --quiet "$name^{commit}" && return
    done
    case $ref in *[!0-9a-f]*) return 1 ;; esac
    git -C "$1" rev-parse --verify --quiet "$ref^{commit}"
}

# Checks out a commit of a folder's repository, on its branch where that has nothing of its own.
take() {
    branch=${ref:-$(git -C "$1" rev-parse --abbrev-ref origin/HEAD)}
    branch=${branch#origin/}
    own=$(git -C "$1" rev-parse --verify --quiet "refs/heads/$branch")
    if ! git -C "$1" show-ref --verify --quiet "refs/remotes/origin/$branch"; then
        git -C "$1" checkout --quiet --detach "$2" || return
    elif [ -z "$own" ] || [ "$own" = "$taken" ] ||
        git -C "$1" merge-base --is-ancestor "$own" "$2"; then
        git -C "$1" checkout --quiet -B "$branch" --track "origin/$branch" || return
    else
        git -C "$1" checkout --quiet --detach "$2" || return
    fi
    if [ -f "$1/.gitmodules" ]; then
        patient -C "$1" submodule --quiet update --init --recursive || return
    fi
    git -C "$1" update-ref refs/kode/taken "$2"
}

clone() {
    rm -rf "$fresh"
    patient clone --quiet --no-checkout -- "$repository" "$fresh" ||
        fail "cannot clone $repository"
    commit=$(wanted "$fresh") || fail "$repository has no ${ref:-commit}"
    taken=$(git -C "$fresh" rev-parse HEAD)
    take "$fresh" "$commit" || fail "cannot check out ${ref:-the default branch} of $repository"
    if [ -e "$folder" ] || [ -L "$folder" ]; then
        number=1
        while [ -e "$folder.before-$number" ]; do number=$((number + 1)); done
        mv "$folder" "$folder.before-$number" || exit 1
        say "what was in ~/.dotfiles is now in ~/.dotfiles.before-$number"
    fi
    mv "$fresh" "$folder" || exit 1
}

update() {
    if ! patient -C "$folder" fetch --quiet --prune --tags --force origin; then
        say "cannot reach $repository; going on with what is here"
        commit=$(wanted "$folder") || commit=
        return
    fi
    there remote set-head origin --auto >/dev/null 2>&1
    commit=$(wanted "$folder") || fail "$repository has no ${ref:-commit}"
    here=$(there rev-parse HEAD)
    taken=$(there rev-parse --verify --quiet refs/kode/taken)
    [ "$here" != "$commit" ] || return 0
    changed=$(there status --porcelain --untracked-files=no --ignore-submodules)
    if [ -n "$changed" ] || [ "$here" != "$taken" ]; then
        say 'there are changes of your own in ~/.dotfiles; it is not updated'
    else
        take "$folder" "$commit" || say 'cannot update ~/.dotfiles; going on with what is here'
    fi
}

# Runs a script over each file whose path begins with a dot.
each_dotfile() {
    find . \( -path ./.git -o -path ./.github -o -path ./.gitignore -o -path ./.gitattributes \
        -o -path ./.gitmodules \) -prune -o \( -type f -o -type l \) -path './.*' \
        -exec sh -c "$1" link {} +
}

# Links them; folders stay folders, so that others may use them.
link() {
    files=$(each_dotfile 'for file do printf x; done')
    if [ -z "$files" ]; then
        say "nothing was taken: there is no file whose path begins with a dot, and none of $*" \
            '(executable, where the name does not end in .sh); `install` of dotfiles names another'
        return
    fi
    each_dotfile '
        for file do
            name=${file#./}
            target=$HOME/$name source=$HOME/.dotfiles/$name
            case $(readlink "$target") in
                "$source") continue ;;
                */.dotfiles/"$name") rm "$target" || exit 1 ;;
            esac
            mkdir -p "${target%/*}" || exit 1
            if [ -e "$target" ] || [ -L "$target" ]; then
                number=1
                while [ -e "$target.before-$number" ] || [ -L "$target.before-$number" ]; do
                    number=$((number + 1))
                done
                mv "$target" "$target.before-$number" || exit 1
            fi
            ln -s "$source" "$target" || exit 1
        done' || return
    say "${#files} files are linked into the home"
}

# Runs a command, and says so: what asks for an answer gets none, and may end well for all that.
run() {
    title=$1
    shift
    say "running $title; its input is empty"
    "$@" </dev/null || return
    say "$title ended with exit code 0"
}

install() {
    if [ -n "$install" ]; then
        run "$install" sh -c "$install"
        return
    fi
    for name do
        [ -f "$name" ] || continue
        case $name in *.sh) by_sh=sh ;; *) by_sh= ;; esac
        [ ! -x "$name" ] || by_sh=
        if [ -x "$name" ] || [ -n "$by_sh" ]; then
            run "$name" $by_sh "./$name"
            return
        fi
    done
    link "$@"
}

# Says where something else is checked out than what is asked for by name.
compare() {
    here=$(there rev-parse HEAD)
    if [ -z "$ref" ] || [ -z "$commit" ] || [ "$here" = "$commit" ]; then
        return
    fi
    words="wanted $ref ($(short "$commit")), there is $(short "$here") in ~/.dotfiles"
    say "$words"
    [ ! -w "$remark" ] || printf 'dotfiles: %s\n' "$words" >"$remark"
}
short() { there rev-parse --short=7 "$1"; }

if [ -e "$folder/.git" ] && [ "$(there config --get remote.origin.url)" = "$repository" ]; then
    update
else
    clone
fi
mark="$(there rev-parse HEAD) $HOME $install"
marked=$(there rev-parse --absolute-git-dir)/kode-installed
if [ -f "$marked" ] && [ "$(cat "$marked")" = "$mark" ]; then
    compare
    exit 0
fi
rm -f "$marked"
cd "$folder" || exit 1
install "$@" || fail "installing ended with exit code $?; what it has done so far stays"
# As it is now: what a script has checked out itself is no reason to run it again.
printf '%s\n' "$(there rev-parse HEAD) $HOME $install" >"$marked"
compare
exit 0
""".replace("SCRIPTS", " ".join(SCRIPTS))


def argv(dotfiles: Dotfiles) -> tuple[str, ...]:
    """Return the program and arguments that bring dotfiles into the home that HOME names.

    It may be run again at any time and be ended at any moment. Exit code 0 says that the files are
    there and installed; else the last line on standard error says why not.
    """
    return (
        "sh",
        "-c",
        _SCRIPT,
        "dotfiles",
        dotfiles.repository,
        dotfiles.ref or "",
        dotfiles.install or "",
    )
