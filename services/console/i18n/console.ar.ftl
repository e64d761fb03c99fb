# جمل المنصة.

skip = انتقل إلى المحتوى
menu = القائمة
log-out = تسجيل الخروج
away = لا تستجيب حاليا: { $services }. الباقي يعمل.
menu-home = لوحة القيادة
menu-sales = المبيعات
menu-orders = الطلبيات
menu-leads = الفرص
menu-loans = ملفات القروض
menu-invoices = الفواتير والإشعارات الدائنة
menu-clients = الزبائن
menu-stock = المخزون
menu-matrix = الكميات
menu-shortages = النقص
menu-transfers = التحويلات والاستلامات
menu-purchases = المشتريات
menu-catalogue = الكتالوج
menu-products = المنتجات
menu-configurations = التكوينات
menu-categories = الفئات
menu-attributes = الخصائص
menu-exchange = التبادلات
menu-pushes = الإرسالات إلى المنصات
menu-refused = الطلبات المرفوضة
menu-live = مباشر
menu-settings = الإعدادات
menu-pos = نقاط البيع
menu-users = المستخدمون والصلاحيات
menu-banks = البنوك
menu-company = المؤسسة
menu-account = حسابي
menu-models = كل البيانات
models-about = كل نموذج يمكنك قراءته، بقائمته ومرشحاته واستماراته.
login-title = تسجيل الدخول
login-about = منصة التبادل بين البنوك الشريكة.
login-login = اسم المستخدم
login-password = كلمة المرور
login-enter = دخول
login-language = اللغة
login-wrong = اسم المستخدم أو كلمة المرور غير صحيحة. تحقق منهما وأعد المحاولة.
refused-missing = الصفحة غير موجودة
refused-denied = الوصول مرفوض
refused-ours = مشكل من جهتنا
refused-refused = طلب مرفوض
back-home = العودة إلى لوحة القيادة
list-count = { $count ->
        [0] لا سجلات
        [one] سجل واحد
        [two] سجلان
        [few] { $count } سجلات
       *[other] { $count } سجل
    }
list-range = { $first }–{ $last } من { $count }
list-more = المزيد
list-none = لا شيء هنا حاليا.
list-none-found = لا شيء يطابق هذا البحث. وسّعه أو امسحه.
new = جديد
add = إضافة
all-of-them = عرض الكل
export-csv = تصدير CSV
export-xlsx = تصدير XLSX
import = استيراد ملف
archived = مؤرشف
archived-show = إظهار المؤرشف أيضا
archived-hide = إخفاء المؤرشف
archive = أرشفة
unarchive = إلغاء الأرشفة
unlink = حذف
sure-unlink = حذف نهائي؟
search = بحث
search-in = بحث… ( / )
search-clear = مسح
from = من
to = إلى
all = الكل
yes = نعم
no = لا
unset = غير محدد
positive = أكبر من 0
group-by = تجميع حسب
group-none = —
group = المجموعة
group-count = العدد
saved = المرشحات المحفوظة
columns = الأعمدة
columns-show = عرض
filter-given = مرشح من الصفحة السابقة
choose = اختيار
choose-all = اختيار الكل
chosen = للعناصر المختارة:
print = طباعة
sum = المجموع
pages = الصفحات
previous = السابق
next = التالي
edit = تعديل
save = حفظ
cancel = إلغاء
steps = الخطوات التالية
sealed = بيانات سرية
sealed-about = هي مشفرة. كل اطلاع عليها يُسجّل في سجل التدقيق.
sealed-open = عرضها
history = السجل
history-made = أُنشئ
history-removed = حُذف
history-hub = المنصة
form-new = { $what }: جديد
form-edit = تعديل: { $what }
relation-type = اكتب اسما…
relations-type = اسم في كل سطر.
input-number = المطلوب رقم، مثلا 79 000,50.
input-moment = المطلوب تاريخ وساعة.
input-nobody = لا يوجد سجل باسم «{ $name }».
input-several = عدة سجلات بهذا الاسم. اختر: { $names }.
done-saved = تم الحفظ.
done-step = تم.
done-removed = تم الحذف.
print-sale-report_saleorder = فاتورة أولية (PDF)
print-account-report_invoice = الفاتورة (PDF)
print-stock-report_deliveryslip = الوصل (PDF)
print-stock-report_picking = وصل الاستلام (PDF)
argument-reason = السبب
argument-since = منذ (UTC)
argument-kinds = ماذا
argument-kind = ماذا
argument-quantity = الكمية
argument-state = المرحلة

# لوحة القيادة
home-today = طلبيات اليوم
home-month = طلبيات 30 يوما
home-refused = الطلبات المرفوضة اليوم
home-in-month = { $count } في 30 يوما
home-platform = في الانتظار إلى { $name }
home-lag = التأخر: { $minutes } د
home-no-lag = لا تأخر
home-dead = { $count } متروكة
home-short = حركات ناقصة
home-short-about = طلبيات تنتظر البضائع
home-by-state = حسب الحالة، 30 يوما
home-by-bank = حسب البنك، 30 يوما
home-chart-sale-order = مبلغ الطلبيات يوميا
home-chart-ek-request = الطلبات المرفوضة يوميا
home-numbers = الأرقام
day = اليوم
amount = المبلغ
share = الحصة

# الفرص في لوحة
menu-jobs = الاستيراد والتصدير
leads-as-list = عرض كقائمة
leads-bank = البنك
leads-every-bank = كل البنوك
leads-none = لا توجد فرصة في هذه المرحلة.
leads-folded = مرحلة مطوية: افتحها كقائمة.
leads-priority = الأولوية: { $priority }
leads-move = نقل…
leads-to = نقل إلى
leads-move-now = نقل
done-moved = نُقلت الفرصة.

# ملفات القروض
loans-count = { $count ->
        [0] لا ملفات
        [one] ملف واحد
        [two] ملفان
        [few] { $count } ملفات
       *[other] { $count } ملفًا
    }
history-look = اطّلع على: { $fields }
loans-all = الكل
loans-states = حالات الملفات
loans-none = لا يوجد أي ملف قرض حاليًا. تصل الملفات مع الفرص.
loans-progress = نسبة التقدم
loans-step = تغيير حالة الملفات المختارة
loans-step-about = يُحفظ السبب مع الملف وفي سجله، وتُبلَّغ به منصة البنك.
loans-state = الحالة الجديدة
loans-reason = السبب
loans-take = تطبيق
loans-choose = اختر ملفًا واحدًا على الأقل.

# مجموعات الاستمارات
groups-identity = الهوية
groups-rights = الصلاحيات
groups-preferences = التفضيلات
groups-address = العنوان
groups-registers = السجلات والجباية
groups-payment = الدفع
groups-others = أخرى

# المستخدمون والصلاحيات
person-administrator = يدير المنصة: يقرأ كل شيء ويعدّله، بما فيه ملفات القروض، وكل المستخدمين.
person-staff = موظف في المنصة: يعمل على طلبات كل البنوك ومخزونها ومشترياتها وفهرسها، ولا يرى ملفات القروض.
person-integration = برنامج المنصة: يقرأ ويكتب لكل البنوك، بما فيه ملفات القروض.
person-manager = يدير بنكه: فرصه وطلباته وفواتيره وملفات قروضه، ومستخدميه حتى مستوى دوره.
person-analyst = يعمل لبنكه: يقرأ فرصه وطلباته وفواتيره ويعالج ملفات قروضه.
person-clerk = يعمل في نقطة بيع واحدة، { $pos }: فرصها وطلباتها وبضائعها، دون ملفات القروض.
person-outsider = لا يرى سوى حسابه والفهرس: ليست له نقطة بيع ولا صفة المنصة.
person-archived = مؤرشف: لا يمكنه الدخول.
rights = الصلاحيات
rights-table = كل ما هو مسموح به حسب نوع البيانات
rights-what = البيانات
rights-read = القراءة
rights-create = الإنشاء
rights-write = التعديل
rights-unlink = الحذف
keys = مفاتيح API
keys-none = لا مفاتيح. يتيح المفتاح لبرنامج أن يسأل المنصة باسم هذا المستخدم.
keys-new = مفتاح جديد
keys-name = الغرض منه
keys-days = مدة الصلاحية بالأيام
keys-make = إنشاء المفتاح
keys-made = أُنشئ المفتاح. انسخه الآن.
keys-made-about = لا يُعرض إلا هذه المرة: لا تحتفظ المنصة إلا ببصمته.
keys-end = إنهاء
keys-sure = إنهاء هذا المفتاح؟ ستُرفض البرامج التي تستعمله.
sessions = الجلسات المفتوحة
sessions-none = لا توجد جلسة مفتوحة.
sessions-here = هذه الجلسة
sessions-end = إنهاء
sessions-end-all = إنهاء كل الجلسات
sessions-end-others = إنهاء كل الجلسات الأخرى
sessions-sure = إنهاء هذه الجلسات؟ سيلزم الدخول من جديد.
password = كلمة السر
password-about = تنتهي جلساتك الأخرى ومفاتيحك عند تغييرها.
password-old = كلمة السر الحالية
password-new = كلمة السر الجديدة
password-again = كلمة السر الجديدة مرة أخرى
password-change = تغيير
password-give = إعطاء كلمة سر
password-give-about = تنتهي جلسات المستخدم ومفاتيحه. سلّمها بطريقة لا يقرؤها غيره.
password-set = إعطاء
password-empty = اكتب كلمة السر الجديدة.
password-long = كلمة السر طويلة جدًا.
password-differs = كلمتا السر الجديدتان مختلفتان. اكتب الكلمة نفسها مرتين.
password-wrong = كلمة السر الحالية غير صحيحة.
account-who = من أنا
account-zone = المنطقة الزمنية
done-password = غُيّرت كلمة السر.
done-key-ended = انتهى المفتاح.
done-session-ended = انتهت الجلسة؛ تنساها المنصة خلال 20 ثانية.

# المرشحات المحفوظة
filter-save = حفظ هذا المرشح
filter-name = الاسم
filter-whose = لـ
filter-me = لي
filter-all = كل زملائي
filter-shared = مشترك
filter-remove = إزالة
filter-sure = إزالة هذا المرشح؟
done-filter = حُفظ المرشح.
done-filter-removed = أُزيل المرشح.

# الاستيراد
import-title = استيراد: { $what }
import-file = ملف (CSV)
import-csv = الجدول
import-csv-help = يسمّي السطر الأول الأعمدة بأسمائها التقنية أو كما تسميها هذه الصفحة، وتفصل بينها فواصل أو فواصل منقوطة أو علامات جدولة. لا يُحفظ شيء قبل أن تطلب ذلك.
import-try = تحقق
import-run = استيراد
import-fields = الأعمدة الممكنة
import-column = العمود
import-name = الاسم في الملف
import-needed = إلزامي
import-line = سطر الملف
import-problem = المشكلة
import-wrong-table = الأسطر الواجب تصحيحها
import-sample = كما قُرئ
import-external = المعرّف الخارجي
import-number = الرقم
import-unread = تتعذر قراءة الجدول: { $value }
import-empty = لا يوجد أي سطر تحت أسماء الأعمدة.
import-long = يتجاوز الجدول { $value } م.ب. أرسله على أجزاء.
import-lines = في الجدول أكثر من { $value } سطر. أرسله على أجزاء.
import-columns = في الجدول أكثر من { $value } عمود.
done-import = بدأ الاستيراد. ويستمر إن غادرت هذه الصفحة.

# الأعمال الجارية
jobs-about = تستمر عمليات الاستيراد عند مغادرتك وتُحفظ 24 ساعة. وما انقطع منها يستأنف من حيث توقف دون حفظ شيء مرتين.
jobs-none = لا استيراد. ابدأ واحدًا من أي قائمة: المزيد، استيراد ملف.
jobs-what = العمل
jobs-model = البيانات
jobs-state = الحالة
jobs-far = التقدم
jobs-when = البداية
jobs-waiting = في الانتظار
jobs-running = جارٍ
jobs-done = تم
jobs-failed = توقف بسبب خطأ
jobs-broken = منقطع
jobs-go = استئناف
jobs-file = الملف
jobs-sure = إزالته من القائمة؟ ما حُفظ يبقى.
done-going = استؤنف.
import-right = { $count ->
        [one] سطر واحد صحيح. يمكنك استيراده.
       *[other] الأسطر الصحيحة: { $count }. يمكنك استيرادها.
    }
import-wrong = { $count ->
        [one] سطر واحد يجب تصحيحه
       *[other] الأسطر الواجب تصحيحها: { $count }
    }
