"""A run's model servers as its driver sees them: how many requests they take now, and how the run's own fare."""

from __future__ import annotations

from farm.admission.slots import ServerState, Slots

SLOWEST = 3  # requests that are shown


def window(slots: int) -> int:
    """How many samples are out at a time for so many slots: some wait, so that no slot waits for them."""
    return slots + max(2, slots // 4)


class RunServers:
    """The servers of one run, as they were at the last look. A run that generates nothing has none."""

    def __init__(self, slots: Slots, run_id: str, urls: tuple[str, ...], each: int) -> None:
        """`each`: slots of a server, where no operator said otherwise."""
        self._slots, self._run_id, self._urls, self._each = slots, run_id, urls, each
        self._states: list[ServerState] = []
        self.streamed = 0  # tokens of this run's unfinished answers

    def look(self) -> None:
        """Ask Redis: an operator may have changed a limit, a worker may have found a server sick."""
        if self._urls:
            self._states = self._slots.look(self._urls)
            self.streamed = self._slots.streamed(self._urls, self._run_id)

    @property
    def room(self) -> int:
        """Slots of all servers together; the catalogue's before the first look."""
        if not self._states:
            return self._each * len(self._urls)
        return sum(
            state.limit if state.set_by_operator and state.limit is not None else self._each for state in self._states
        )

    @property
    def in_flight(self) -> int:
        """Requests of this run that hold a slot."""
        return sum(state.by_run.get(self._run_id, 0) for state in self._states)

    def slowest(self) -> dict[str, float]:
        """This run's requests that have their slots for longest: sample, seconds."""
        ages = {
            name.sample: age_s
            for state in self._states
            for name, age_s in state.ages_s.items()
            if name.run_id == self._run_id
        }
        return {sample: ages[sample] for sample in sorted(ages, key=lambda sample: -ages[sample])[:SLOWEST]}

    def ailing(self) -> list[str]:
        """What to tell of the servers that get no requests."""
        told = [f"{state.url} gets no requests: {state.sick}" for state in self._states if state.sick]
        return told + [
            f"{state.url} refuses requests for now: it is asked again in {state.closed_s:.0f} s"
            for state in self._states
            if state.closed_s and not state.sick
        ]
