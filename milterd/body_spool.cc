#include "milterd/body_spool.h"

#include "common/text.h"

#include <cerrno>
#include <sys/mman.h>
#include <unistd.h>

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

} // namespace

bool SpoolBudget::take(std::size_t octets)
{
    const std::size_t limit = limit_;
    auto used = used_.load();
    do {
        if (octets > limit || used > limit - octets)
            return false;
    } while (!used_.compare_exchange_weak(used, used + octets));
    return true;
}

BodySpool::BodySpool(std::shared_ptr<SpoolBudget> budget, std::size_t max_size, std::string_view label)
    : budget_(std::move(budget))
    , max_size_(max_size)
    , file_(::memfd_create(memfd_name(label).c_str(), MFD_CLOEXEC))
{
    if (!file_)
        state_ = State::broken;
}

BodySpool::~BodySpool()
{
    let_go(state_);
}

void BodySpool::let_go(State why)
{
    state_ = why;
    file_ = FileDescriptor();
    budget_->give_back(held_);
    held_ = 0;
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
