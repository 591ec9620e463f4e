"""Rules of the cluster's control plane, in the form of mutants.py; docs/design/cluster.md says which rule of the model each one is."""

AGENT = "runtime/cluster/node_agent.cpp"
COORDINATOR = "runtime/cluster/coordinator.cpp"
NODES = "runtime/cluster/coordinator_nodes.cpp"
ADMISSION = "runtime/cluster/admission.cpp"
CANDIDATE = "runtime/cluster/candidate.cpp"
PLACEMENT = "runtime/cluster/placement.cpp"
STATE = "runtime/cluster/control_state.cpp"
SUSPECTS = "runtime/cluster/suspects.cpp"
WATCH = "runtime/cluster/node_watch.cpp"

CLUSTER_MUTANTS = [
    ("node_foreign", "J1: envelopes of a cluster in another store do not count", "runtime/cluster/joining.cpp",
     "return id == id_ ? judged::ours : judged::foreign;", "return judged::ours;"),
    # Records, and the time at which commands leave.
    ("cluster_directors_first", "directors know of a topology before nodes say what lives there", COORDINATOR,
     "      out_.push_back(coordinator_effects::tell_director{name});\n",
     "      tell_director(name);\n"),
    ("cluster_record", "a placement is recorded before it is sent", COORDINATOR,
     "      p->term = ++term;\n",
     "      p->term = ++term;\n      out_.push_back(coordinator_effects::send{p->node, 0, {epoch_, p->session, commands::start{p->actor, 1, term}}});\n"),
    ("cluster_answer", "a request is answered once it is recorded", COORDINATOR,
     "      append(std::move(*admitted), w.request, std::move(lost));", "{\n      answer(w.request);\n      append(std::move(*admitted));\n}"),
    ("cluster_unknown", "R3: an append without an answer does not count", COORDINATOR,
     "  if (how == append_outcome::unknown) {", "  if (false) {"),
    ("cluster_late", "R4: after an append without an answer the epoch writes no more", COORDINATOR,
     "    end_epoch(true, \"control did not answer\");", "    under_way_.reset();"),
    # Epochs.
    ("cluster_epoch", "a node refuses commands of a lower epoch", AGENT, "  if (c.from < epoch_)", "  if (false)"),
    ("cluster_twins", "two candidates that choose the same number have two epochs", CANDIDATE,
     "  return mine_;", "  mine_.count = 0;\n  return mine_;"),
    ("cluster_numbers", "a process never chooses a number twice", CANDIDATE, "{highest, highest_, mine_}", "{highest, highest_}"),
    ("cluster_taken", "R2: of candidates with one number whoever opened first goes on", CANDIDATE,
     "chain::is_taken(mine_, highest)", "chain::must_give_up(mine_, highest)"),
    ("cluster_takeover", "a new coordinator waits for what nodes run", COORDINATOR, "  if (!watch_.is_settled())", "  if (false)"),
    # Lives.
    ("cluster_once", "a term is begun once", AGENT, "  if (was_begun(c.actor, c.term))\n    return;", ""),
    ("cluster_session", "a command is for one process of the node", AGENT,
     "  if ((c.session != session_ && !is_for_any_session(c)) ||", "  if ("),
    ("cluster_new_session", "a new session gets new terms", PLACEMENT,
     " || found->second.what.session != a.at_session", ""),
    ("cluster_instance", "a process gets one session however often it asks", ADMISSION,
     "      if (found->second.instance == r.instance)\n        return change();\n", ""),
    ("cluster_term", "terms come from control alone", AGENT, "  r->now.count = count + 1;", "  r->now = {last.term + 1};"),
    ("cluster_fenced", "H2: who is refused as fenced asks, and does not raise its count", AGENT,
     "  running_.erase(actor);\n", "  if (how == life_end::fenced)\n    return on_failure(actor, last);\n  running_.erase(actor);\n"),
    ("cluster_newest", "H2: only the newest life gets a new term for it", NODES,
     "} else if (e.last.term == given && e.how != life_end::completed) {", "} else if (e.how != life_end::completed) {"),
    ("cluster_never_given", "a life that control never gave fails the topology", NODES,
     "  if (e.how == life_end::fenced && was_never_given) {", "  if (false) {"),
    ("cluster_stale", "what a former life says is passed over", AGENT, " || of.count < found->second.now.count", ""),
    ("cluster_begun", "a term that was begun and is over gets a successor", NODES,
     "      if (!runs && (begun[id] >= a.at->term || a.at->term < r.begun_below))", "      if (false)"),
    ("cluster_resend", "a start that was lost is sent again", NODES, "      else if (!runs)", "      else if (false)"),
    ("cluster_elsewhere", "a node that comes back stops what is placed elsewhere", NODES,
     "      send(r.node, r.session, commands::stop{a.actor, a.now.term});", "      {}"),
    # Detection and deaths.
    ("cluster_two_speeds", "silence detaches long before it moves anything", WATCH,
     "    if (now - n.heard >= limits_.away_after)", "    if (now - n.heard >= limits_.detached_after)"),
    ("cluster_evidence", "a death without a signal blames an actor that has not got on, and no other", SUSPECTS,
     "overlap(*a.unexplained->records, *c.records)", "(overlap(*a.unexplained->records, *c.records) || true)"),
    ("cluster_back_off", "a suspect waits before it begins again", SUSPECTS,
     "  if (next && now < *next)", "  if (next && now < *next && false)"),
    ("cluster_replaced", "a process in the place of one that has not left means a death", ADMISSION,
     "{r.node, found->second.session, true, now}", "{r.node, found->second.session, false, now}"),
    # Removal.
    ("cluster_removed", "no generation of a removed topology comes back, and so no name of chains", STATE,
     "  return removed.empty() ? 1 : plans + 1;", "  return 1;"),
    ("cluster_anew", "a topology that begins anew in one change has a generation above all that were applied", ADMISSION,
     "      r.generation = s.plans + 1;  // as next_generation() has it once that is recorded\n", ""),
    ("cluster_cleared", "chains of a removed topology are tried until the store has removed them", COORDINATOR,
     "  if (is_done) {", "  if (true) {"),
    # Placement.
    ("cluster_pin", "what is pinned waits for its node", PLACEMENT,
     "(is_home_there || a.is_pinned)", "is_home_there"),
    ("cluster_home", "what has a home is not moved for balance", PLACEMENT, " || !a.home.empty() ? nullptr", " ? nullptr"),
    ("cluster_first_node", "the node that first has what is pinned is recorded", STATE,
     "      a->spec.node = r.node;", "      {}"),
    ("cluster_draining", "a draining node gets nothing", PLACEMENT,
     "      if (!n.what.takes_more())\n        continue;\n", ""),
    ("cluster_one_by_one", "what runs moves one by one", COORDINATOR,
     "  if (may_wait && (!next.empty() || is_moving()))", "  if (false)"),
    ("cluster_balance", "nothing moves without reason", PLACEMENT, "from.load() > to.load(1)", "from.load() > to.load()"),
    ("cluster_spread", "the shards of a window are kept apart", PLACEMENT, "from.group_load(g) > to.group_load(g, 1)", "false"),
]
