# What the services refuse, in their own words: each message is the pattern of a sentence.
# Literal text is as the service says it; what stands in braces is any text. A refusal of several problems has one to a line.
# What is more exact stands before what is more general: the first pattern that matches counts. A `problem` in a sentence is a
# refusal of its own. The other languages have the same messages with the same variables.

## What holds another refusal, which is translated by itself: tried first

refusal-in-line = Line { $number }: { $problem }
refusal-configuration-object = product[{ $at }]: { $value } (an object expected)
refusal-in-configuration = product[{ $at }]: { $problem }
refusal-and-nothing-stored = { $problem } Nothing is stored.
refusal-and-partly-stored = { $problem } Lines 1 to { $last } are stored, none after them: send the same, or all of it corrected, with the same Idempotency-Key.

## Values: the most frequent, what names its expectation before what doesn't

refusal-value-text = Wrong value for { $field }: { $value } (a text expected)
refusal-value-whole = Wrong value for { $field }: { $value } (a whole number expected)
refusal-value-above-zero = Wrong value for { $field }: { $value } (a number above 0 expected)
refusal-value-from-zero-below = Wrong value for { $field }: { $value } (a number from 0 to below { $most } expected)
refusal-value-from-zero = Wrong value for { $field }: { $value } (a number from 0 expected)
refusal-value-boolean = Wrong value for { $field }: { $value } (true or false expected)
refusal-value-day = Wrong value for { $field }: { $value } (a day as 2026-12-31 or 31/12/2026, or a moment, of which the day counts expected)
refusal-value-moment = Wrong value for { $field }: { $value } (a moment as 2026-12-31 23:59:59 or 2026-12-31T23:59:59, with or without seconds, in UTC or with an offset as Z, +01, +0100, +01:00; as 2026-12-31-23-59 or 2026-12-31, in UTC; as 31/12/26 23:59:59, 31/12/2026 23:59:59 or 31/12/2026, in Algiers expected)
refusal-value-one-of = Wrong value for { $field }: { $value } (one of { $options } expected)
refusal-value-file = Wrong value for { $field }: { $value } (a file in base64 expected)
refusal-value-id = Wrong value for { $field }: { $value } (the id of a record expected)
refusal-value-id-or-name = Wrong value for { $field }: { $value } (the id or the name of a record expected)
refusal-value-manufacturer-ref = Wrong value for { $field }: { $value } (a manufacturer_ref expected)
refusal-value-warehouse = Wrong value for { $field }: { $value } (the code of a warehouse expected)
refusal-value-object = Wrong value for { $field }: { $value } (an object expected)
refusal-value-at-most-demand = Wrong value for stock.move.quantity_done: { $done } (at most { $demand }, the demand of the move { $move })
refusal-value-neither-id-nor-name = Wrong value for { $field }: the text "{ $name }" is neither an id, which is a number without quotes, nor a name, which has more than digits
refusal-value-only-internal = Wrong value for stock.picking.picking_type_code: only "internal" ones are made by hand
refusal-value-external-name = Wrong value for ir.model.data.{ $field }: '{ $value }'; a name without dots and spaces was expected
refusal-wrong-value = Wrong value for { $field }: { $value } ({ $expected } expected)

## Fields

refusal-required-pos-code = Field 'code_pos' of res.partner is required for a point of sale
refusal-required = Field '{ $field }' of { $model } is required
refusal-required-lines = Field '{ $field }' is required: a list of 1 to { $most } lines
refusal-required-here = Field '{ $field }' is required
refusal-argument-required = `{ $name }` is required.
refusal-too-long = Field '{ $field }' of { $model } has { $count } characters, at most { $most } are possible
refusal-name-too-long = Field '{ $field }' of { $model } has a name of more than { $most } characters
refusal-read-only = Field '{ $field }' of { $model } can't be written
refusal-one-at-a-time = Field '{ $field }' of { $model } is written for one record at a time.
refusal-stays-as-made = Field '{ $field }' of ir.model.data stays as it was made: remove the external id, and make another.
refusal-email-cant-become = Field 'email' of res.partner can't become this one.
refusal-unknown-field-near = Invalid field '{ $field }' on model '{ $model }' (did you mean '{ $near }'?)
refusal-unknown-field-in-line = Invalid field '{ $field }' on model '{ $model }' (known in a line: { $known })
refusal-unknown-field = Invalid field '{ $field }' on model '{ $model }'

## References

refusal-not-a-pos = Unknown reference in purchase.order.partner_id: '{ $value }' is no point of sale
refusal-not-a-location = Unknown reference in { $field }: '{ $value }' is no location that keeps goods
refusal-not-a-move-of-it = Unknown reference in quantities: '{ $value }' is no move of the picking
refusal-unknown-reference = Unknown reference in { $field }: '{ $value }'
refusal-unknown-bank = Unknown bank '{ $bank }': known are { $known }
refusal-platform-unknown-bank = `bank_id`: unknown bank '{ $bank }'; known are { $known }
refusal-bank-is-a-name = `source` must be a bank's name, not { $value }
refusal-unknown-product = Unknown manufacturer_ref in { $field }: '{ $reference }'
refusal-unknown-pos = Unknown POS code in { $field }: '{ $code }'
refusal-pos-closed-to-orders = The point of sale in { $field } takes no new order: '{ $code }' is archived or BLOCKED
refusal-pos-closed-to-purchases = The point of sale in purchase.order.partner_id takes no new purchase: '{ $code }' is archived or BLOCKED
refusal-pos-without-warehouse = The point of sale '{ $code }' has no warehouse: another one has its code.
refusal-unknown-country = Unknown country in quotation_address.country_id: '{ $country }' (a name, an ISO code or an id expected)
refusal-bank-gone = The bank is not there any more.

## Rights

refusal-may-not-read = You are not allowed to read '{ $label }' ({ $model }) records.
refusal-may-not-create = You are not allowed to create '{ $label }' ({ $model }) records.
refusal-may-not-modify = You are not allowed to modify '{ $label }' ({ $model }) records.
refusal-may-not-delete = You are not allowed to delete '{ $label }' ({ $model }) records.
refusal-may-not-forget = You are not allowed to forget '{ $label }' ({ $model }) records.
refusal-may-not-make-pos = You are not allowed to make points of sale of '{ $label }' ({ $model }) records.
refusal-may-not = You are not allowed to { $what } '{ $label }' ({ $model }) records.
refusal-may-not-write-field = You are not allowed to write the field '{ $field }' of '{ $label }' ({ $model }).
refusal-may-not-read-field = You are not allowed to read the field '{ $field }' of '{ $label }' ({ $model }).
refusal-other-bank = A user of a bank can't act for another bank.
refusal-other-bank-user = A user of a bank can't make users of another bank.
refusal-other-pos = You work at the point of sale '{ $code }' and can't send leads of another.
refusal-shared-client = Several banks know the client { $client }: its name, e-mail, status and whether it is active are changed by the platform and the hub alone. What your bank writes for itself may be changed: { $fields }.
refusal-role-above-own = A role is given up to one's own.
refusal-key-makes-no-administrators = An API key makes no administrators and sets no password of one, nor its own user's: log in.
refusal-key-makes-no-keys = An API key makes no keys: log in.
refusal-foreign-page = A session in a cookie alone can't change anything for a page of another site.
refusal-external-module = You are not allowed to make external ids in the module '{ $module }': use one of your own, such as your program's name.
refusal-private-method = Private methods (such as { $method }) cannot be called remotely.

## Log-in and sessions

refusal-session-expired = Session expired
refusal-access-denied = Access Denied
refusal-wrong-passwords = Too many wrong passwords. Try again later.
refusal-failed-log-ins = Too many failed log-ins. Try again later.
refusal-many-log-ins = Too many log-ins at once. Try again.
refusal-passwords-away = Passwords can't be checked now. Try again.
refusal-no-database = Database not found.
refusal-password-form = `{ $name }` must be a text of { $least } characters at least, and of { $most } bytes at most
refusal-password-is-text = `{ $name }` must be a text

## What is not there

refusal-missing = Record does not exist or has been deleted.
refusal-missing-record = (Record: { $model }({ $id },))
refusal-not-found = 404: Not Found
refusal-no-file = 404: Not Found: { $model }({ $id }) has no '{ $field }'
refusal-no-model = The model `{ $model }` does not exist.
refusal-no-object = Object { $model } doesn't exist
refusal-no-method = The method '{ $method }' does not exist on the model '{ $model }'
refusal-no-report = Fetching report '{ $report }': report not found
refusal-no-external-id = External ID not found in the system: { $name }

## What is there already, or in the way

refusal-taken = Field '{ $field }' of { $model } must be unique: '{ $value }' is that of record { $id }.
refusal-same-login = Another 'User' (res.users) record has the same login.
refusal-same = Another '{ $label }' ({ $model }) record has the same { $field }.
refusal-busy = Another request is changing the same records. Send this one again.
refusal-referred = The { $model } record can't be removed: { $referring } refers to it. Archive it instead.
refusal-one-bank-and-side = The records of one request are of one bank and one side: send the others by themselves.
refusal-key-reused = This Idempotency-Key was used with another payload.
refusal-filter-required = `filter` is required, and must not be empty: it says which records are meant.
refusal-filter-required-of = `filter` is required and must not be empty: it says which '{ $model }' records are meant.
refusal-filter-finds-more-hint = the filter finds more than { $most } records; `context.bulk` allows more.
refusal-filter-finds-more = the filter finds more than { $most } records.

## Rules of the tables

refusal-rule-not-empty = Not possible for '{ $label }' ({ $model }): { $field } is not empty.
refusal-rule-not-negative = Not possible for '{ $label }' ({ $model }): { $field } is not negative.
refusal-rule-positive = Not possible for '{ $label }' ({ $model }): { $field } is positive.
refusal-rule-one-tax = Not possible for '{ $label }' ({ $model }): has one tax at most.
refusal-rule-percentage = Not possible for '{ $label }' ({ $model }): amount is a percentage.
refusal-rule-payment-days = Not possible for '{ $label }' ({ $model }): payment days are within a year.
refusal-rule-client-email = Not possible for '{ $label }' ({ $model }): a client has an email.
refusal-rule-pos-code = Not possible for '{ $label }' ({ $model }): a point of sale has a code pos.
refusal-rule-bank-user = Not possible for '{ $label }' ({ $model }): a user of a bank is of the platform.
refusal-rule-administrator = Not possible for '{ $label }' ({ $model }): an administrator is of the hub.
refusal-rule-ends-differ = Not possible for '{ $label }' ({ $model }): source and destination differ.
refusal-rule-reserved-there = Not possible for '{ $label }' ({ $model }): no more is reserved than is there.
refusal-rule = Not possible for '{ $label }' ({ $model }): { $rule }.

## Orders and leads

refusal-order-ended = Order { $id }: { $to } can't follow { $from }: nothing can
refusal-order-step = Order { $id }: { $to } can't follow { $from }: { $possible } can
refusal-two-states = `state` and `ek_state` name different states
refusal-only-draft-sent = Only an order that is a draft can be marked as sent.
refusal-order-comes-with-lead = An order comes with its lead: POST crm.lead.
refusal-lead-by-itself = A lead comes by itself: POST crm.lead.
refusal-cart-rows = `cart`: { $found } (a list of 1 to { $most } rows expected)
refusal-cart-amount = cart[{ $at }] comes to more than any amount of money.
refusal-order-amount = The order comes to more than any amount of money.
refusal-cart-tax = cart[{ $at }]: catalog names the tax { $tax } of '{ $reference }', and crm has no such tax.
refusal-object-expected = `{ $at }`: { $value } (an object expected)
refusal-lead-known = This cart_id or ek_order_id is that of lead { $id }, which came with other content. Leads are not sent twice with different content; change it by PUT.
refusal-two-leads = cart_id and ek_order_id are those of two leads: { $one } and { $other }.
refusal-not-complete = The request is not complete.

## Invoices and credit notes

refusal-only-posted-reversed = Only a posted invoice can be reversed.
refusal-with-the-client = What is not credited of { $name } is with the client: it is credited when it comes back (action_return of its delivery).
refusal-all-credited = Everything of this invoice is credited already.
refusal-reason-form = `reason` must be a text of at most { $most } characters.

## Clients, users

refusal-forget-reason = `reason` must be a text of 1 to { $most } characters
refusal-forget-open-orders = { $open } orders of the client { $client } are neither delivered nor cancelled: end them first.
refusal-forget-pos = A point of sale is no person: archive it.
refusal-one-client = One client at a time.
refusal-one-user = One user at a time.
refusal-users-side = create_by: 'ekiclik', but the hub's side made the user { $users }. A user's side is set when it is made, and stays: archive it and make another.
refusal-users-bank = The user { $user } is a bank's: `bank_id` may become another bank, not none.
refusal-only-administrator = Somebody must stay: this is the only administrator of the hub who can log in.
refusal-own-user = The hub's own user and the one who asks can't be removed.
refusal-api-key-form = `name` must be a text of 1 to 254 characters, `days` a whole number from 1 to { $most }

## Transfers, counts, returns

refusal-transfer-ends = The source and the destination of a stock.picking must differ
refusal-one-picking = One picking at a time.
refusal-shipped-with-order = { $name } of the order { $order } is cancelled with its order, through the order's state.
refusal-shipped-by-state = { $name } of the order { $order } is shipped by the order's state alone: EK_ORDER_DELIVERED.
refusal-picking-state = { $name } is in the state '{ $state }': that can't be done with it.
refusal-only-reserved = Only { $left } of { $reference } are reserved for the move { $move }, { $quantity } can't be taken.
refusal-only-there = Only { $left } of { $reference } are there for the move { $move }, { $quantity } can't be taken.
refusal-nothing-noted = Nothing is noted as done on { $name }: there is nothing to move.
refusal-nothing-reserved = Nothing is reserved for { $name }: there is nothing to move.
refusal-move-done = The stock.move { $id } is { $state }: what was done can't be changed.
refusal-nothing-to-take-back = { $name } is no delivery that is done: there is nothing to take back.
refusal-all-back = Everything of { $name } is back already.
refusal-return-at-most = Of the move { $move } only { $left } can come back, not { $amount }
refusal-return-quantities = `quantities` must be an object of quantities by move id
refusal-count-again = When { $counted } of { $reference } were counted at { $place }, { $then } were there; since then { $since }, and { $now } are there. Count again.
refusal-lines-object = { $field }[{ $at }]: { $value } (an object expected)

## Purchases

refusal-purchase-cant-change = The purchase { $name } is in the state '{ $state }': it can't be changed.
refusal-purchase-cant-confirm = The purchase { $name } is in the state '{ $state }': it can't be confirmed.
refusal-purchase-cant-draft = The purchase { $name } is in the state '{ $state }': it can't be a draft again.
refusal-purchase-cant-cancel = The purchase { $name } is in the state '{ $state }': it can't be cancelled.
refusal-purchase-received = The purchase { $name } can't be cancelled: goods of it were received already.
refusal-purchase-lines = The lines of a purchase.order can't be changed: cancel it, and send another one
refusal-purchase-line-amount = order_line[{ $at }] comes to more than any amount of money
refusal-purchase-amount = The purchase comes to more than any amount of money

## Catalogue

refusal-refs-of-another = These manufacturer_ref belong to another product: { $references }.
refusal-ref-twice = The manufacturer_ref '{ $reference }' stands twice in `product`
refusal-two-refs = `ref` and `product_ref` name the same field, with different values
refusal-configurations = `product`: { $value } (a list of at most { $most } configurations expected)
refusal-attributes-list = { $place }attribute: { $value } (a list of at most { $most } objects expected)
refusal-attributes-object = { $place }attribute: { $value } (an object with attribute_id and value_id expected)
refusal-attributes-names = { $place }attribute: attribute_id and value_id must be names, of 1 to { $most } characters
refusal-attributes-key = { $place }attribute: unknown key '{ $key }' (known are attribute_id, value_id)
refusal-master-around = { $place }master_product is the product around it
refusal-category-above-itself = A category can't be above itself: the parent_id lies below the category.
refusal-category-depth = The tree of categories can't be deeper than { $most }.

## Pictures and papers

refusal-picture-expected = { $field }: { $value }, a PNG or JPEG in base64 was expected
refusal-picture-kind = { $field }: its first bytes are neither a PNG's nor a JPEG's: no other picture is taken
refusal-paper-kind = `datas`: its first bytes are neither a PDF's nor a JPEG's nor a PNG's: nothing else is taken
refusal-file-size = { $field }: it has more than { $most } MB
refusal-picture-size = { $field }: { $width } × { $height } are more than { $most } megapixels
refusal-file-base64 = { $field }: no base64: { $reason }
refusal-picture-unread = { $field }: it can't be read: { $reason }
refusal-picture-unwritten = { $field }: it can't be written again: { $reason }
refusal-picture-there = image_1920 is written on the configuration itself, not by a relation to it
refusal-many-pictures = { $count } pictures are too many for one request: { $most } at most
refusal-paper-required = `datas` is required: the file in base64
refusal-paper-file = `datas` is { $value }: a file in base64 was expected
refusal-paper-type = `type` is { $value }: only binary is possible
refusal-paper-model = `res_model` must be crm.lead or sale.order
refusal-paper-record = `res_id` must be the id of the lead or the order
refusal-paper-by-itself = A paper comes by itself: POST ir.attachment.
refusal-many-papers = { $model }({ $id }) has { $count } papers, { $most } at most are possible
refusal-no-file-field = Field '{ $field }' of { $model } is no file: read it by `query`
refusal-many-files = A file is given to { $most } records at a time, not to { $count }.

## Platforms

refusal-url-none = `base_url`: it is no URL
refusal-url-parts = `base_url`: it may have a scheme, a host, a port and a path
refusal-url-host = `base_url`: it has no host
refusal-url-https = `base_url`: it must begin with https://
refusal-url-private = `base_url`: a private or loopback address is not allowed
refusal-platform-paths = `paths` must be an object of paths, as { $example }
refusal-platform-secret = `secret` must be 'whsec_' and 24 to 64 bytes in base64
refusal-platform-off = The platform is switched off: nothing is sent to it.
refusal-one-platform = One platform at a time can be compared.
refusal-compare-kind = `kind` must be one of { $kinds }
refusal-compare-digests = `digests` must be an object of at most 10,000 record ids with their digests
refusal-replay-since = `since`: a moment as 2026-12-31 23:59:59 or 2026-12-31T23:59:59, with or without seconds, in UTC or with an offset as Z, +01, +0100, +01:00; as 2026-12-31-23-59 or 2026-12-31, in UTC; as 31/12/26 23:59:59, 31/12/2026 23:59:59 or 31/12/2026, in Algiers expected
refusal-sync-kinds = `kinds` may name { $kinds }
refusal-sync-kinds-list = `kinds` must be a list

## Too much at once

refusal-many-records = { $count } records are too many for one request: { $most } at most
refusal-many-related = { $count } records are made, changed or removed by x2many fields, at most { $most } are possible in a request
refusal-many-ids = `ids`: more than { $most } records: name fewer at a time
refusal-far-page = page { $page } lies beyond { $most } records: walk with `after`
refusal-many-groups = There are more than { $most } groups: narrow the filter down, or read them by `limit` and `offset`.
refusal-large-groups = The groups have more than { $most } MB with their domains: ask for fewer with `limit`.
refusal-many-group-fields = Records are grouped by at most { $most } fields at once
refusal-many-aggregates = At most { $most } aggregates are told of a group
refusal-many-match-list = More than { $most } records match, and '{ $list }' would stand once in each of them: read them by pages with `page_size`, walk with `after`, or leave that list out.
refusal-many-match-sealed = More than { $most } records match: read encrypted fields by pages.
refusal-many-match-files = More than { $most } records match: read files by pages.
refusal-many-match = More than { $most } records match: read them by pages with `page_size`, or walk with `after`.
refusal-many-match-services = More than { $most } records of several services match: read them by pages, or name one `model` (or `res_model`).
refusal-many-merged = Of the records of several services the first { $most } can be listed: name one `model` (or `res_model`), or walk with `after`.
refusal-many-elsewhere = More than { $most } '{ $model }' records match the condition on '{ $path }', which leads to another service: narrow it down
refusal-many-elsewhere-together = The conditions that lead to other services match too many records together: narrow them down
refusal-many-for-query = More than { $most } records match, which is too many for a query that leads to other services: read them by pages with `page_size`, or walk with `after`.
refusal-many-for-workbook = More than { $most } records match, which is too many for a workbook: ask for `format=csv`, or narrow the filter down.
refusal-many-documents = { $count } documents were asked for: at most { $most } go into one file.
refusal-long-documents = These records have too many lines for one file: print fewer of them at a time.
refusal-nested-lists = The query asks for more than { $most } lists of records' fields: ask in several requests.
refusal-large-answer = The answer has more than { $most } records of other services: read fewer records at a time with `page_size` or `after`.
refusal-large-answers = The answers of several services have more than { $most } MB: read fewer records at a time with `page_size` or `after`.
refusal-many-led-to = '{ $path }' leads to more than { $most } '{ $model }' records of another service: read fewer records at a time with `page_size` or `after`.
refusal-many-services = '{ $path }' leads through more than { $most } services: read it in two steps
refusal-many-questions = query and filter lead to other services more than { $most } times: ask in several requests
refusal-many-in-list-file = '{ $path }' leads to another service: a file has its id alone, without a block.
refusal-elsewhere-in-file = '{ $field }' leads to '{ $comodel }', which another service keeps: a file has its id alone
refusal-several-services = '{ $model }' records are kept by several services, and `{ $method }` is one's at a time: name one `model` (or `res_model`), or records of one
refusal-number-from-to = `{ $name }` is '{ $value }': a whole number from { $least } to { $most } was expected
refusal-number-to = `{ $name }` is { $value }: a whole number from { $least } to { $most } was expected
refusal-cursor = `after` is '{ $value }': the `next_cursor` of an earlier answer was expected
refusal-format = `format` is '{ $value }': json, csv or xlsx was expected
refusal-workbooks-busy = Too many workbooks are being made. Try again, or ask for `format=csv`.
refusal-share = { $count } { $what } at a time are one user's share, and all of yours are taken. Try again.
refusal-all-taken = All { $count } { $what } are taken. Try again.
refusal-body-file = The body has more than { $most } bytes: a file may have 10 MB (MAX_UPLOAD).
refusal-body = The body has more than { $most } bytes.
refusal-body-slow = The body took too long to come.
refusal-body-broke-off = The body broke off: { $reason }

## Search, order, files of a list

refusal-domain = Invalid domain: { $reason }
refusal-filter-field-near = Invalid field { $field } in leaf ({ $leaf }) (did you mean '{ $near }'?)
refusal-filter-field = Invalid field { $field } in leaf ({ $leaf })
refusal-operator = Operator '{ $operator }' does not suit field '{ $field }'
refusal-operator-tree = Operator '{ $operator }' needs a field that leads to a tree, '{ $field }' does not
refusal-not-searched = Field '{ $field }' of '{ $model }' can't be searched
refusal-no-relation = Field '{ $field }' of '{ $model }' is no relation: nothing can follow its name
refusal-elsewhere-filter = Field '{ $field }' leads to '{ $comodel }', which another service keeps: filter it by id
refusal-file-compared = Field '{ $field }' is a file: it is compared with false alone
refusal-search-text = Field '{ $field }' is searched for { $value }: a text was expected
refusal-many-wildcards = the pattern for '{ $field }' has more than { $most } wildcards
refusal-pattern-escape = the pattern for '{ $field }' ends in an escape character
refusal-many-relations = more than { $most } relations in one condition
refusal-encrypted-searched = Field '{ $field }' of '{ $model }' is kept encrypted: it can only be read, on the model itself
refusal-encrypted-read = Field '{ $field }' of { $model } is encrypted: `read` has it, of records by their ids.
refusal-not-grouped = Field '{ $field }' of '{ $model }' { $why }: groups can't be made or told by it
refusal-not-summed = '{ $function }' does not suit field '{ $field }' of '{ $model }', a { $kind }
refusal-no-period = '{ $spec }': '{ $field }' is a { $kind }, and only days and moments have periods
refusal-grouped-file = '{ $field }' is a file: it is in no group and no sum
refusal-grouped-order = `order`: '{ $field }' is neither what makes the groups nor what is told of them
refusal-order-file = `order`: '{ $field }' is a file
refusal-order-elsewhere = `order`: '{ $field }' leads to '{ $comodel }', which another service keeps
refusal-order-several = `order`: '{ $field }' has several values
refusal-order-many = `order`: more than { $most } fields
refusal-order-many-groups = `order`: too many fields
refusal-order-wrong = `order`: '{ $key }' is not a field and asc or desc
refusal-order-direction = `order`: '{ $key }' is neither asc nor desc
refusal-filter-json = `{ $name }` is no JSON: { $reason }
refusal-file-column = A file needs a column: name a field in `query`.
refusal-file-columns = A file has at most { $most } columns: name the fields in `query`.
refusal-export-columns = `fields_to_export`: at most { $most } columns
refusal-file-in-file = '{ $field }' is a file itself: it is read record by record
refusal-block-in-file = '{ $field }' can't have a block in a file: one row has no place for a list's records
refusal-long-name = `name`: more than { $most } characters are nobody's name
refusal-time-zone-name = `context.tz` is '{ $zone }': the name of a time zone was expected, as Africa/Algiers

## Import

refusal-import-columns = The CSV has { $count } columns: 1 to { $most } were expected
refusal-import-csv = The CSV can't be read: { $reason }
refusal-import-lines = More than { $most } lines: send them in several requests.
refusal-import-names = `data`: more than { $most } names
refusal-import-rows = { $count } rows are too many for one call: { $most } at most
refusal-import-data = `data` is required: a list of objects
refusal-import-row = `data`: row { $row } is not a list of cells
refusal-import-cells = `data`: row { $row } has { $count } cells, and there are { $columns } columns
refusal-import-cell-size = `data`: row { $row }, '{ $column }': a cell has more than { $most } bytes
refusal-import-many-columns = { $count } columns are too many: { $most } at most
refusal-import-column-twice = The column '{ $column }' stands there twice
refusal-import-column-list = The column '{ $column }' is a list: load its records by themselves
refusal-import-column-elsewhere = The column '{ $column }' leads to '{ $comodel }', which another service keeps: give its number in '{ $field }/.id'
refusal-import-external = '{ $cell }' is not an external id: module.name was expected
refusal-import-number = '{ $cell }' is not a number
refusal-import-no-match = No matching record found for external id '{ $name }' in field '{ $field }'
refusal-import-many-named = More than { $most } records are named in one cell
refusal-import-more = and { $count } lines more
refusal-import-nothing-stored = Nothing is stored.
refusal-import-partly-stored = Lines 1 to { $last } are stored, none after them: send the same, or all of it corrected, with the same Idempotency-Key.

## The hub itself: away, full, or wrong

refusal-internal = The server met an error of its own. Trace id: { $trace }
refusal-starting = The hub is starting. Try again.
refusal-service-not-there = The service '{ $service }' is not there. Try again.
refusal-service-away = The service '{ $service }' is away. Try again.
refusal-service-broke-off = The service '{ $service }' broke off.
refusal-service-answer = A service answered what was not expected.
refusal-service-more = A service answered more than was asked for.
refusal-clocks = The hub's clocks differ. Try again.
refusal-database-busy = The database is busy or away. Try again.
refusal-database-away = The database is away. Try again.
refusal-database-silent = The database does not answer. Try again.
refusal-database-unable = The database can't do this now. Try again.
refusal-outcome-unknown = The database went away while it was storing: the outcome is unknown. Send the same request again.
refusal-too-slow-ask-less = The request took too long. Ask for less.
refusal-too-slow = The request took too long. Try again.
refusal-answer-broke-off = The answer broke off.
refusal-answer-not-put-together = The answer could not be put together. Try again.
refusal-records-removed = Records were removed while they were read. Try again.
refusal-nothing-printed = Nothing is printed any more.
refusal-method-not-allowed = 405: Method Not Allowed: possible here: { $allowed }

## Why a delivery to a platform was not made, as its attempts tell

refusal-push-unwanted = the platform does not want it any more
refusal-push-nothing = there was nothing to tell
refusal-push-service-away = a service of the hub is away; not attempted
refusal-push-service-slow = a service of the hub is slow; not attempted
refusal-push-secret = the platform's secret can't be opened; not attempted
refusal-push-switched-off = the platform was switched off; not attempted
refusal-push-others-failed = other calls were not answered; not attempted
refusal-push-others-slow = others took long to answer; not attempted
refusal-push-taken = another process has taken it; not attempted
refusal-push-database = the hub's database is away; not attempted
refusal-push-timeout = no answer in time
refusal-push-gone = 410: the platform was switched off
refusal-push-record = the record can't be read: { $reason }

## Why a call failed, and what can not be done to a platform

refusal-why-gone = The platform answered { $status }: it wants to hear no more and was switched off
refusal-why-signature = The platform answered { $status }: it did not take our signature
refusal-why-moved = The platform answered { $status }: it has moved, and we do not follow
refusal-why-status = The platform answered { $status }
refusal-why-unreached-one = The platform could not be reached within { $many } second
refusal-why-unreached = The platform could not be reached within { $many } seconds
refusal-why-unanswered-one = The platform did not answer within { $many } second
refusal-why-unanswered = The platform did not answer within { $many } seconds
refusal-why-private = The name of the platform's address leads to no public address
refusal-why-unknown = The name of the platform's address is not known
refusal-why-expired = The platform's certificate has expired: it is not trusted
refusal-why-other-name = The platform's certificate is for another name: it is not trusted
refusal-why-untrusted = The certificate is not trusted
refusal-why-refused = The connection was refused
refusal-why-network = The platform's network can't be reached
refusal-why-insecure = No secure connection could be made
refusal-why-connection = No connection could be made
refusal-why-broken = The connection broke off before there was an answer
refusal-platform-paused = The platform is switched off or paused: nothing is sent to it.
refusal-one-secret = One platform at a time gets a new secret.
refusal-replay-most = More than { $most } ids: send again so many at a time, or name a filter.
refusal-write-off-free = Only { $free } of { $reference } are free at { $place }, { $reserved } more are reserved: { $quantity } can't be written off.
refusal-one-quantity = One quantity at a time.
