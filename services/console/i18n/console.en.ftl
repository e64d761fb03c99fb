# The console's own sentences.

skip = Skip to the content
menu = Menu
log-out = Log out
away = Not answering at the moment: { $services }. The rest works.
menu-home = Dashboard
menu-sales = Sales
menu-orders = Orders
menu-leads = Leads
menu-loans = Loan files
menu-invoices = Invoices and credit notes
menu-clients = Clients
menu-stock = Stock
menu-matrix = Quantities
menu-shortages = Shortages
menu-transfers = Transfers and receipts
menu-purchases = Purchases
menu-catalogue = Catalogue
menu-products = Products
menu-configurations = Configurations
menu-categories = Categories
menu-attributes = Attributes
menu-exchange = Exchanges
menu-pushes = Pushes to platforms
menu-refused = Refused requests
menu-live = Live
menu-settings = Settings
menu-pos = Points of sale
menu-users = People and rights
menu-banks = Banks
menu-company = Company
menu-account = My account
menu-models = All data
models-about = Each model that you may read, with its list, filters and forms.
login-title = Log in
login-about = The exchange of the partner banks.
login-login = Login
login-password = Password
login-enter = Log in
login-language = Language
login-wrong = Wrong login or password. Check them and try again.
refused-missing = Page not found
refused-denied = Access denied
refused-ours = A problem on our side
refused-refused = Request refused
back-home = Back to the dashboard
list-count = { $count ->
        [0] no record
        [one] { $count } record
       *[other] { $count } records
    }
list-range = { $first }–{ $last } of { $count }
list-more = More
list-none = Nothing here yet.
list-none-found = Nothing matches this search. Widen it or clear it.
new = New
add = Add
all-of-them = See all
export-csv = Export as CSV
export-xlsx = Export as XLSX
import = Import a file
archived = Archived
archived-show = Show archived too
archived-hide = Hide archived
archive = Archive
unarchive = Unarchive
unlink = Delete
sure-unlink = Delete for good?
search = Search
search-in = Search… ( / )
search-clear = Clear
from = from
to = to
all = All
yes = Yes
no = No
unset = Not set
positive = More than 0
group-by = Group by
group-none = —
group = Group
group-count = Count
saved = Saved filters
columns = Columns
columns-show = Show
filter-given = Filter from the page before
choose = Choose
choose-all = Choose all
chosen = With the selection:
print = Print
sum = Total
pages = Pages
previous = Previous
next = Next
edit = Edit
save = Save
cancel = Cancel
steps = Next steps
sealed = Confidential data
sealed-about = They are encrypted. Each look is written to the audit.
sealed-open = Show them
history = History
history-made = Created
history-removed = Removed
history-hub = The hub
form-new = New: { $what }
form-edit = Edit: { $what }
relation-type = Type a name…
relations-type = One name a line.
input-number = A number is expected, for example 79,000.50.
input-moment = A date and a time are expected.
input-nobody = No record is called “{ $name }”.
input-several = Several have this name. Choose: { $names }.
done-saved = Saved.
done-step = Done.
done-removed = Removed.
print-sale-report_saleorder = Pro forma (PDF)
print-account-report_invoice = Invoice (PDF)
print-stock-report_deliveryslip = Slip (PDF)
print-stock-report_picking = Receipt (PDF)
argument-reason = Reason
argument-since = Since (UTC)
argument-kinds = What
argument-kind = What
argument-quantity = Quantity
argument-state = Step

# The dashboard
home-today = Orders today
home-month = Orders in 30 days
home-refused = Requests refused today
home-in-month = { $count } in 30 days
home-platform = Waiting for { $name }
home-lag = { $minutes } min behind
home-no-lag = Not behind
home-dead = { $count } dead
home-short = Moves that are short
home-short-about = Orders that wait for goods
home-by-state = By status, 30 days
home-by-bank = By bank, 30 days
home-chart-sale-order = Amount of orders by day
home-chart-ek-request = Refused requests by day
home-numbers = The numbers
day = Day
amount = Amount
share = Share

# Leads as a board
menu-jobs = Imports and exports
leads-as-list = Show as a list
leads-bank = Bank
leads-every-bank = Every bank
leads-none = No lead at this stage.
leads-folded = A folded stage: open it as a list.
leads-priority = Priority: { $priority }
leads-move = Move…
leads-to = Move to
leads-move-now = Move
done-moved = The lead has moved.

# Loan files
loans-count = { $count ->
        [0] no files
        [one] { $count } file
       *[other] { $count } files
    }
history-look = Looked at: { $fields }
loans-all = All
loans-states = States of files
loans-none = No loan files yet. They come with leads.
loans-progress = Progress
loans-step = Take the chosen files to another state
loans-step-about = The reason is kept with the file and in its history; the bank's platform hears of it.
loans-state = New state
loans-reason = Reason
loans-take = Apply
loans-choose = Choose one file at least.

# Groups of forms
groups-identity = Identity
groups-rights = Rights
groups-preferences = Preferences
groups-address = Address
groups-registers = Registers and taxes
groups-payment = Payment
groups-others = Others

# People and rights
person-administrator = Administers the hub: reads and changes everything, loan files too, and every user.
person-staff = Staff of the hub: works with orders, stock, purchases and the catalogue of all banks; sees no loan files.
person-integration = The platform's program: reads and writes for all banks, loan files too.
person-manager = Manages its bank: its leads, orders, invoices and loan files, and its users up to its own role.
person-analyst = Works for its bank: reads its leads, orders and invoices, and treats its loan files.
person-clerk = Works at one point of sale, { $pos }: its leads, orders and goods; no loan files.
person-outsider = Sees its own account and the catalogue: it has neither a point of sale nor a mark of the platform.
person-archived = Archived: can't log in.
rights = Rights
rights-table = Everything one may do, by kind of data
rights-what = Data
rights-read = Read
rights-create = Create
rights-write = Change
rights-unlink = Remove
keys = API keys
keys-none = No keys. A key lets a program ask the hub in this user's name.
keys-new = New key
keys-name = What it is for
keys-days = Good for, in days
keys-make = Make the key
keys-made = The key is made. Copy it now.
keys-made-about = It is shown this once and never again: the hub keeps a fingerprint of it only.
keys-end = End
keys-sure = End this key? Programs that use it are refused from then on.
sessions = Open sessions
sessions-none = No session is open.
sessions-here = This one
sessions-end = End
sessions-end-all = End all sessions
sessions-end-others = End all others
sessions-sure = End these sessions? Who uses them must log in again.
password = Password
password-about = Your other sessions and your API keys end when it changes.
password-old = Password now
password-new = New password
password-again = New password, again
password-change = Change
password-give = Give a password
password-give-about = The user's sessions and API keys end. Tell it by a way that nobody else reads.
password-set = Set
password-empty = Type the new password.
password-long = The password is too long.
password-differs = The two new passwords differ. Type the same twice.
password-wrong = The password now is wrong.
account-who = Who I am
account-zone = Time zone
done-password = The password is changed.
done-key-ended = The key has ended.
done-session-ended = The session has ended; the hub forgets it within 20 seconds.

# Saved filters
filter-save = Save this filter
filter-name = Name
filter-whose = For
filter-me = Me
filter-all = All who work with me
filter-shared = shared
filter-remove = Remove
filter-sure = Remove this filter?
done-filter = The filter is saved.
done-filter-removed = The filter is removed.

# Imports
import-title = Import: { $what }
import-file = A file (CSV)
import-csv = The table
import-csv-help = The first line names the columns, by their names or as this page calls them; commas, semicolons or tabs separate them. Nothing is stored before you say so.
import-try = Check
import-run = Import
import-fields = Columns that may be given
import-column = Column
import-name = Name in the file
import-needed = Needed
import-line = Line of the file
import-problem = What is wrong
import-wrong-table = Lines that are wrong
import-sample = As it was read
import-external = External id
import-number = Number
import-unread = The table can't be read: { $value }
import-empty = There is no line below the names of the columns.
import-long = The table has more than { $value } MB. Send it in parts.
import-lines = The table has more than { $value } lines. Send it in parts.
import-columns = The table has more than { $value } columns.
done-import = The import has begun. It goes on when you leave this page.

# Jobs
jobs-about = Imports go on when you leave; they are kept for 24 hours. One that broke off goes on where it was, and stores nothing twice.
jobs-none = No imports. Begin one from any list: More, Import a file.
jobs-what = What
jobs-model = Data
jobs-state = State
jobs-far = How far
jobs-when = Begun
jobs-waiting = Waiting
jobs-running = Running
jobs-done = Done
jobs-failed = Stopped by an error
jobs-broken = Interrupted
jobs-go = Go on
jobs-file = File
jobs-sure = Remove it from this list? What was stored stays.
done-going = It goes on.
import-right = { $count ->
        [one] { $count } line is right. Import it.
       *[other] { $count } lines are right. Import them.
    }
import-wrong = { $count ->
        [one] { $count } line is wrong
       *[other] { $count } lines are wrong
    }
