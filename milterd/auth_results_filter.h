// auth_results_filter - our Authentication-Results, and nobody else's under our name
//
// Takes out each field that bears our authserv-id, wherever the mail comes
// from: of strangers and relays as RFC 8601 5 asks, and of our own users and
// sendmail(1), who could forge it as well. A field whose id cannot be read
// goes too if our name stands anywhere in it: other readers may be more
// forgiving than this one. The results of other hosts stay, unless the
// operator wants those of some or all of them out, too.
//
// Mail that comes back from a content filter, by a listener that is known for
// it, keeps them all: ours among them was written when it came first.
//
// Mail of strangers gets ours, with what the filters before this one found.
// Our own mail and that of relays was not judged, so nothing is said of it,
// but, if wanted, that its sender has logged in.
//
// Its place in the chain is behind the filters that find something.
// Config: milterd.authserv_id, [auth_results]. Log: auth_results="accept removed:2 ...".
// See: RFC 8601
#pragma once

#include "common/domain_list.h"
#include "milterd/filter.h"

#include <string>

namespace postern {

struct AuthResultsOptions {
    enum class Remove { ours, all, none };

    std::string authserv_id{};
    Remove remove = Remove::ours;
    DomainList remove_ids{};       // beside ours
    bool keep_from_relays = false; // ours
    bool has_queue_id = false;     // authserv_id/queue id
    bool has_header_b = true;
    bool tells_login = false;
};

class AuthResultsFilter final : public Filter {
public:
    explicit AuthResultsFilter(AuthResultsOptions options);

    std::string_view name() const override { return "auth_results"; }
    std::unique_ptr<FilterPass> begin(const Message& message) override;

    // Does this field's value pass itself off as ours?
    bool is_forged(std::string_view value) const;

private:
    bool is_unwanted(std::string_view value, const Message& message) const;

    AuthResultsOptions options_;
    std::string comparable_id_; // lower-case A-labels
};

} // namespace postern
