"""Rules of the real actors of several nodes, each left out by one change of one source: `simulate --nodes` finds them. Most are those
that their own tests find as well, by other names.

(name, the rule, source, text as it stands, once, text without the rule)
"""
from cluster_mutants import CLUSTER_MUTANTS
from director_mutants import DIRECTOR_MUTANTS
from link_mutants import LINK_MUTANTS

# Rules that unit and property tests find in pure cores, and the simulation in the rows or in a run that stands still.
# Not so `cluster_fenced` and `director_found_planned`: seeds of the first 500 meet both, and nothing is wrong in the end.
ALSO_FOUND = ["cluster_new_session", "cluster_resend", "cluster_begun", "cluster_unknown", "director_again",
              "director_late_end", "director_starts", "desk_once", "desk_began_again", "link_gap", "cluster_removed"]

SIMULATED_NODE_MUTANTS = [("nodes_" + m[0], *m[1:]) for m in CLUSTER_MUTANTS + DIRECTOR_MUTANTS + LINK_MUTANTS if m[0] in ALSO_FOUND] + [
    ("nodes_shard_fence", "fences of a further life under the same term are above those before", "actors/deployment/actor_factory.cpp",
     "setup.life = now;", "setup.life = now.term;"),
    ("nodes_found_late", "a life hears of partitions that were found after it was prepared", "runtime/control/director.cpp",
     "  auto out = tell_of_found(name);\n  auto& m", "  director_effect_list out;\n  auto& m"),
    ("nodes_anew", "sinks of a topology whose name was removed replace what that one has written", "actors/node/host/plan_on_node.cpp",
     "  out.fresh = begins_anew || p.values.contains(std::string(begins_anew_name));\n", ""),
]
