#include "milterd/body_spool.h"

#include "common/text.h"

#include <cerrno>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace postern {
namespace {

// What memfd_create(2) takes and clamd's log bears: "postern.4XyZ12"
std::string memfd_name(std::string_view label)
{
    std::string name = "postern.";
    for (const char c : label.substr(0, 64))
        name += is_alnum(c) ? c : '_';
    return name;
}

bool take_from(std::atomic<std::size_t>& taken, std::size_t wanted, std::size_t limit)
{
    auto before = taken.load();
    do {
        if (wanted > limit || before > limit - wanted)
            return false;
    } while (!taken.compare_exchange_weak(before, before + wanted));
    return true;
}

} // namespace

void SpoolBudget::set_limits(SpoolLimits limits)
{
    limit_ = limits.octets;
    message_limit_ = limits.messages;
}

bool SpoolBudget::take_message()
{
    return take_from(messages_, 1, message_limit_);
}

bool SpoolBudget::take(std::size_t octets)
{
    return take_from(used_, octets, limit_);
}

BodySpool::BodySpool(std::shared_ptr<SpoolBudget> budget, std::size_t max_size, std::string_view label)
    : budget_(std::move(budget))
    , max_size_(max_size)
    , is_counted_(budget_->take_message())
{
    if (is_counted_)
        file_ = FileDescriptor(::memfd_create(memfd_name(label).c_str(), MFD_CLOEXEC));
    if (!file_)
        let_go(is_counted_ ? State::broken : State::no_room);
}

BodySpool::~BodySpool()
{
    let_go(State::whole);
}

void BodySpool::let_go(State why)
{
    state_ = why;
    file_ = FileDescriptor();
    budget_->give_back(held_);
    held_ = 0;
    if (std::exchange(is_counted_, false))
        budget_->give_back_message();
    if (why == State::no_room)
        budget_->count_refused();
}

void BodySpool::write(std::string_view octets)
{
    size_ += octets.size();
    if (state_ != State::whole)
        return;
    if (size_ > max_size_)
        return let_go(State::too_large);
    if (!budget_->take(octets.size()))
        return let_go(State::no_room);
    held_ += octets.size();
    while (!octets.empty()) {
        const auto written = ::write(file_.get(), octets.data(), octets.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return let_go(State::broken);
        octets.remove_prefix(static_cast<std::size_t>(written));
    }
}

BodySpool::State BodySpool::state() const
{
    return size_ > max_size_ ? State::too_large : state_; // what it turned out to be in the end
}

} // namespace postern
