"""A recipe under test: the commands of its README, each beside the output that the README shows, and runs that are killed."""
from readme_commands import COMMAND, ENVIRONMENT, Readme
from real_systems import ROOT, Run, check, wait_until
from shown_output import difference


class Recipe(Readme):
    """The README of a recipe in the order of its commands, on the servers of a case, with a database of its own. `env`: what the README would set,
    for this case alone. Settings need no line in a play."""

    def __init__(self, r, name, **env):
        self.postgres = r.own_postgres()
        self.own = {"KAFKA_BROKERS": r.kafka.brokers, "POSTGRES_URL": self.postgres.url, "PGTZ": "UTC", **env}
        super().__init__(f"pipelines/recipes/{name}/README.md", r.binary, r.folder / "page", self.own)
        r.at_the_end.callback(self.close)
        self.aliases = "alias millrace=build/release/millrace\n"  # this and PGTZ: as in pipelines/recipes/README.md

    def _take(self, beginning):
        while self.left and (setting := self.left[0][1]).startswith(ENVIRONMENT) and not setting.startswith(beginning):
            if "tools/services start" in setting:
                self.leave(setting, "servers run already")
            else:
                self.environment(setting)
        return super()._take(beginning)

    def environment(self, beginning):
        super().environment(beginning)
        self.env.update(self.own)

    def shown(self, at, text):
        """The lines that the README shows below the command at this line, without blank ends."""
        found = []
        for line in (ROOT / self.path).read_text().splitlines()[at + text.count("\n"):]:
            if not line.startswith("    ") or COMMAND.match(line.strip()):
                break
            found.append(line[4:].rstrip())
        check(found, f"{self.path}:{at}: no output of {text!r} is shown")
        return found

    def shows(self, beginning, seconds=0):
        """Runs a command, which prints what the README shows below it. `seconds`: it is asked again for so long until it does."""
        at, text = self._take(beginning)
        shown = self.shown(at, text)

        def prints():
            self.left.insert(0, (at, text))
            wrong = difference(shown, [line.rstrip() for line in self.run(beginning).splitlines()])
            check(not wrong, wrong)
            return True

        wait_until(f"{self.path}:{at}: {text!r} prints what is shown", prints, seconds)

    def shows_at_last(self, beginning):
        self.shows(beginning, 60)

    def killed_and_again(self, process):
        """Ends the process as kill -9 does, and types its command once more."""
        process.kill()
        life = self.again(process)
        life.wait_until("it has begun again", lambda: " starts (millrace" in life.errors())
        return life


def make_empty(kafka, *topics):
    """Removes topics that an earlier run of the page has left on a server that is shared."""
    for topic in topics:
        if kafka.partitions(topic):
            kafka.delete_topic(topic)
    wait_until(f"the topics {topics} are gone", lambda: not any(kafka.partitions(topic) for topic in topics))


def play_with_a_kill(r, name, topic, tables=1):
    """The commands of a README that loads records, asks for so many tables, and is killed and started again."""
    make_empty(r.kafka, topic)
    p = Recipe(r, name)
    p.shows("millrace test")
    p.run("millrace load")
    job = p.start("millrace run")
    for _ in range(tables):
        p.shows_at_last("psql")
    p.killed_and_again(job).interrupt()
    p.finish()


def play_a_sample(r, name, checked):
    """The commands of a README that sends its sample by kcat; `checked`: what `check` says of the sample. Returns the README, its topic the case's own,
    and the job, which goes on."""
    readme = Recipe(r, name, TOPIC=r.name)
    check(checked in readme.run("millrace check"), f"check says of the sample: {checked}")
    check("0 failed" in readme.run("millrace test"), "the unit tests hold")
    readme.run("kcat")
    job = readme.start("millrace run")
    readme.shows_at_last("psql")
    readme.finish()
    return readme, job


def start(r, recipe, topology="topology.json", options=(), **env):
    """A life of the recipe on the case's servers, always with the same state."""
    return Run(r.binary, ROOT / "pipelines" / "recipes" / recipe / topology, r.folder / "state", *options,
               env={"KAFKA_BROKERS": r.kafka.brokers, "POSTGRES_URL": r.postgres.url, **env})
