// dkim_sign_filter - a DKIM signature on the mail that is ours
//
// Signs mail of Origin::ours whose author's domain has a key, with each key
// that the domain has, rsa-sha256 and ed25519-sha256 alike. The author is the
// one domain of the one From field, never the envelope's sender: a stranger's
// mail gets no signature whatever its From says, as it is not ours.
//
// Not signed, but accepted, with the reason in the record: a domain without a
// key, recipients and domains that are set apart, and mail that was judged
// before: it bears Authentication-Results of ours and comes without a login,
// from a content filter or a forwarding program. A mail whose author cannot be
// told (no From field, several, or authors of several domains) is refused,
// unless set otherwise. A bounce whose author has no key may be signed by
// another domain's.
// Failure: a mail that should be signed and cannot be is deferred, 451 4.7.1,
// never sent unsigned.
//
// The header is signed as it arrived. What this program itself adds or
// removes (Authentication-Results, signatures) is not among what is signed.
// A field with a control character that libopendkim would misread is signed
// with simple header canonicalization, whatever is set.
// Config: [dkim] but for what verifies, [[dkim.domain]]; [milterd] authserv_id
#pragma once

#include "common/clock.h"
#include "common/result.h"
#include "config/config.h"
#include "milterd/dkim_signers.h"
#include "milterd/filter.h"

#include <memory>

namespace postern {

class DkimSignFilter final : public Filter {
public:
    // `clock` must outlive the filter and its passes.
    static Result<std::unique_ptr<DkimSignFilter>> create(const DkimSettings& settings, DkimSigners signers,
                                                          const Clock& clock, std::string_view authserv_id);
    ~DkimSignFilter() override;

    std::string_view name() const override { return "dkim_sign"; }
    std::unique_ptr<FilterPass> begin(const Message& message) override;
    FunctionState state() const override;

private:
    friend class DkimSignPass;
    std::unique_ptr<FilterPass> begin_ours(const Message& message) const;

    struct Shared; // with the passes, which a reload may let outlive the filter
    explicit DkimSignFilter(std::shared_ptr<const Shared> shared);

    std::shared_ptr<const Shared> shared_;
};

} // namespace postern
