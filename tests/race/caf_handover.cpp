// Tells ThreadSanitizer where CAF hands something from one thread to another. CAF's library is Debian's, not
// instrumented, so its lock-free mailboxes and its reference counts order nothing in TSan's eyes: every
// message would look like a race on its content. Suppressing frames of CAF would not do, because they stand
// in every stack of an actor and would suppress our own races too. Instead the few functions of the library
// through which everything passes are defined here as well (the dynamic linker prefers a program's own): each
// says what it gives or takes, and calls CAF's. Linked into the programs that run under TSan, and only there.
#include <caf/blocking_actor.hpp>
#include <caf/detail/thread_safe_actor_clock.hpp>
#include <caf/ref_counted.hpp>
#include <caf/scheduled_actor.hpp>

#include <dlfcn.h>

extern "C" {
void __tsan_acquire(void* at);
void __tsan_release(void* at);
}

namespace {

/// Finds CAF's own definition, which ours hides.
template<class Function>
Function* of_caf(const char* symbol) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, symbol));
}

void give(const void* at) { __tsan_release(const_cast<void*>(at)); }
void take(const void* at) { __tsan_acquire(const_cast<void*>(at)); }

}  // namespace

namespace caf {

void scheduled_actor::enqueue(mailbox_element_ptr message, execution_unit* unit) {
  static auto* const next = of_caf<void(scheduled_actor*, mailbox_element_ptr, execution_unit*)>(
      "_ZN3caf15scheduled_actor7enqueueESt10unique_ptrINS_15mailbox_elementENS_6detail8disposerEEPNS_"
      "14execution_unitE");
  take(message.get());  // sent by the clock
  give(message.get());
  next(this, std::move(message), unit);
}

scheduled_actor::activation_result scheduled_actor::reactivate(mailbox_element& message) {
  static auto* const next = of_caf<activation_result(scheduled_actor*, mailbox_element&)>(
      "_ZN3caf15scheduled_actor10reactivateERNS_15mailbox_elementE");
  take(&message);
  const auto result = next(this, message);
  give(this);  // already here: resume() lets go of the actor before it returns
  return result;
}

bool scheduled_actor::activate(execution_unit* unit) {
  static auto* const next = of_caf<bool(scheduled_actor*, execution_unit*)>(
      "_ZN3caf15scheduled_actor8activateEPNS_14execution_unitE");
  const bool is_active = next(this, unit);
  give(this);  // the first time it has made the behaviour
  return is_active;
}

resumable::resume_result scheduled_actor::resume(execution_unit* unit, std::size_t most_messages) {
  static auto* const next = of_caf<resume_result(scheduled_actor*, execution_unit*, std::size_t)>(
      "_ZN3caf15scheduled_actor6resumeEPNS_14execution_unitEm");
  take(this);
  return next(this, unit, most_messages);
}

void scheduled_actor::launch(execution_unit* unit, bool lazy, bool hide) {
  static auto* const next = of_caf<void(scheduled_actor*, execution_unit*, bool, bool)>(
      "_ZN3caf15scheduled_actor6launchEPNS_14execution_unitEbb");
  give(this);
  next(this, unit, lazy, hide);
}

void blocking_actor::enqueue(mailbox_element_ptr message, execution_unit* unit) {
  static auto* const next = of_caf<void(blocking_actor*, mailbox_element_ptr, execution_unit*)>(
      "_ZN3caf14blocking_actor7enqueueESt10unique_ptrINS_15mailbox_elementENS_6detail8disposerEEPNS_"
      "14execution_unitE");
  give(message.get());
  next(this, std::move(message), unit);
}

intrusive::task_result blocking_actor::mailbox_visitor::operator()(mailbox_element& message) {
  static auto* const next = of_caf<intrusive::task_result(mailbox_visitor*, mailbox_element&)>(
      "_ZN3caf14blocking_actor15mailbox_visitorclERNS_15mailbox_elementE");
  take(&message);
  return next(this, message);
}

void detail::thread_safe_actor_clock::schedule_message(time_point at, strong_actor_ptr receiver,
                                                       mailbox_element_ptr message) {
  static auto* const next =
      of_caf<void(thread_safe_actor_clock*, time_point, strong_actor_ptr, mailbox_element_ptr)>(
          "_ZN3caf6detail23thread_safe_actor_clock16schedule_messageENSt6chrono10time_pointINS2_3_V212steady_"
          "clockENS2_8durationIlSt5ratioILl1ELl1000000000EEEEEENS_13intrusive_ptrINS_19actor_control_"
          "blockEEESt10unique_ptrINS_15mailbox_elementENS0_8disposerEE");
  give(message.get());
  next(this, at, std::move(receiver), std::move(message));
}

void ref_counted::deref() const noexcept {
  static auto* const next = of_caf<void(const ref_counted*)>("_ZNK3caf11ref_counted5derefEv");
  give(this);
  take(this);
  next(this);
}

void intrusive_ptr_release(actor_control_block* actor) {
  static auto* const next =
      of_caf<void(actor_control_block*)>("_ZN3caf21intrusive_ptr_releaseEPNS_19actor_control_blockE");
  give(actor);
  take(actor);
  next(actor);
}

void intrusive_ptr_release_weak(actor_control_block* actor) {
  static auto* const next =
      of_caf<void(actor_control_block*)>("_ZN3caf26intrusive_ptr_release_weakEPNS_19actor_control_blockE");
  give(actor);
  take(actor);
  next(actor);
}

}  // namespace caf
