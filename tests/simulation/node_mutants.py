"""Rules that the actors of the control plane hold, each with the change that leaves it out, in the form of mutants.py.

tests/property/node finds them, or where it cannot see a rule (a store that stands still, names, copies), tests/unit/node.
"""

BOOK = "actors/node/control/control_book.cpp"
COORDINATOR = "actors/node/control/coordinator_hands.cpp"
HEARD = "actors/node/control/coordinator_envelopes.cpp"
AGENT = "actors/node/control/agent.cpp"
JOINING = "runtime/cluster/joining.cpp"
EPOCHS = "runtime/cluster/proven_epochs.cpp"

NODE_MUTANTS = [
    # Records, and the time at which commands leave.
    ("node_record", "what follows from a record leaves once its append is acknowledged", COORDINATOR,
     "  write_control(append_to_control{leads_->mine(), d.number, d.what}, d.what);\n",
     "  const auto by = leads_->mine();\n"
     "  static_cast<void>(self_->request(keeper_, store_patience, append_to_control{by, d.number, d.what}));\n"
     "  on_appended({by, d.number, cluster::append_outcome::acknowledged}, d.what);\n"),
    ("node_unknown", "R3: an append that failed somehow is not acknowledged", BOOK,
     "append_outcome::refused : append_outcome::unknown;", "append_outcome::refused : append_outcome::acknowledged;"),
    ("node_no_answer", "R3: nor is one that the store does not answer in time", COORDINATOR,
     "unknown{asked.by, asked.number, cluster::append_outcome::unknown};",
     "unknown{asked.by, asked.number, cluster::append_outcome::acknowledged};"),
    ("node_late", "R4: after an append without an answer the keeper writes nothing more under that epoch", BOOK,
     "  chain_.reset();\n  return done.error()", "  return done.error()"),
    # Members of the cluster.
    ("node_proof", "J2: a session counts once the own look at the store shows it", AGENT, "            if (!proven) {", "            if (false) {"),
    ("node_name", "J3: a name belongs to the process that answers under it", JOINING,
     "limits_.away_after + claim_patience ? judged::waiting : judged::refused;", "limits_.away_after + claim_patience ? judged::admitted : judged::admitted;"),
    ("node_epoch", "J4: an epoch counts once the own look at the store shows it", EPOCHS,
     "  if (is_first && epoch_in(l).value_or(epoch()) <= proven_) {", "  if (is_first) {"),
    ("node_which", "the death of one process is not that of another of its node", HEARD,
     " && found->second.instance == who.instance;", ";"),
    ("node_left", "a process that ends in order waits until that is recorded", AGENT,
     "  if (agent_.session() == 0 || !boss_ || is_cut_off_)\n", "  if (true)\n"),
    ("node_left_itself", "also the one that leads", AGENT, "  else if (boss_->who == options_->mine)", "  else if (false)"),
    ("node_confirm", "and the coordinator says that it is", COORDINATOR, "  confirm_departures(what);\n}", "}"),
    ("node_heard", "who does not hear the coordinator waits for longer while somebody else does", HEARD,
     "    pass_on(from, w.of);\n", "    (void)from;\n"),
    # Lives.
    ("node_restart", "a life that was ended while it waited to begin again does not begin", AGENT,
     "  if (found == restarts_.end() || found->second.now != m.now)\n    return;",
     "  if (found == restarts_.end())\n    return begin({m.actor, 1, m.now});"),
    ("node_back_off", "what fails begins again after a while, not at once", AGENT,
     "self_->delayed_send(self_, wait, ", "self_->delayed_send(self_, micros(0), "),
    ("node_introduced", "a node does nothing before others know it", "actors/node/control/node.cpp",
     "  if (introduce)\n    introduce(out);\n  const meet_others all{post, coordinator, agent};\n"
     "  caf::anon_send(post, all);\n  caf::anon_send(agent, all);\n  caf::anon_send(coordinator, all);\n",
     "  const meet_others all{post, coordinator, agent};\n"
     "  caf::anon_send(post, all);\n  caf::anon_send(agent, all);\n  caf::anon_send(coordinator, all);\n"
     "  if (introduce)\n    introduce(out);\n"),
    ("chain_read_fenced", "a life that another one has followed reads its chain no more", "runtime/snapshot/dir_chain.cpp",
     "  if (fence_ && stops(found.life))", "  if (false)"),
]
