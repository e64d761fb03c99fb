# What the services refuse, told in Arabic: the messages and variables of refusals.en.ftl.

## What holds another refusal, which is translated by itself: tried first

refusal-in-line = السطر { $number }: { $problem }
refusal-configuration-object = التكوين { $at } ليس مجموعة حقول ({ $value }).
refusal-in-configuration = التكوين { $at }: { $problem }
refusal-and-nothing-stored = { $problem } لم يُحفظ شيء.
refusal-and-partly-stored = { $problem } حُفظت الأسطر من 1 إلى { $last } ولا شيء بعدها: صحّح الملف وأعد إرساله كاملًا.

## Values: the most frequent, what names its expectation before what doesn't

refusal-value-text = قيمة خاطئة في { $field }: { $value }. أدخل نصًا.
refusal-value-whole = قيمة خاطئة في { $field }: { $value }. أدخل عددًا صحيحًا.
refusal-value-above-zero = قيمة خاطئة في { $field }: { $value }. أدخل عددًا أكبر من 0.
refusal-value-from-zero-below = قيمة خاطئة في { $field }: { $value }. أدخل عددًا من 0 إلى أقل من { $most }.
refusal-value-from-zero = قيمة خاطئة في { $field }: { $value }. أدخل عددًا أكبر من 0 أو يساويه.
refusal-value-boolean = قيمة خاطئة في { $field }: { $value }. اختر صحيح أو خطأ.
refusal-value-day = قيمة خاطئة في { $field }: { $value }. أدخل تاريخًا مثل 31/12/2026.
refusal-value-moment = قيمة خاطئة في { $field }: { $value }. أدخل تاريخًا ووقتًا مثل 31/12/2026 23:59:59.
refusal-value-one-of = قيمة خاطئة في { $field }: { $value }. اختر واحدة من هذه القيم: { $options }.
refusal-value-file = تعذّرت قراءة ملف { $field } ({ $value }). اختره من جديد.
refusal-value-id = قيمة خاطئة في { $field }: { $value }. اختر سجلًا من القائمة.
refusal-value-id-or-name = قيمة خاطئة في { $field }: { $value }. اختر سجلًا من القائمة أو أدخل اسمه.
refusal-value-manufacturer-ref = قيمة خاطئة في { $field }: { $value }. أدخل مرجع الصانع.
refusal-value-warehouse = قيمة خاطئة في { $field }: { $value }. أدخل رمز مستودع.
refusal-value-object = قيمة خاطئة في { $field }: { $value }. المنتظر مجموعة حقول.
refusal-value-at-most-demand = الكمية المنفَّذة كبيرة جدًا: { $done }. الحركة { $move } تطلب { $demand } على الأكثر.
refusal-value-neither-id-nor-name = قيمة خاطئة في { $field }: «{ $name }» أرقام فقط. اختر سجلًا من القائمة أو أدخل اسمًا.
refusal-value-only-internal = لا يمكن إنشاء غير التحويلات الداخلية يدويًا.
refusal-value-external-name = قيمة خاطئة في { $field }: «{ $value }». أدخل اسمًا دون نقاط ولا فراغات.
refusal-wrong-value = قيمة خاطئة في { $field }: { $value } (المنتظر: { $expected }).

## Fields

refusal-required-pos-code = أدخل رمز نقطة البيع: هو إلزامي لنقطة البيع.
refusal-required = املأ { $field }: هذا الحقل إلزامي ({ $model }).
refusal-required-lines = أضف أسطرًا في { $field }: من 1 إلى { $most }.
refusal-required-here = املأ { $field }: هذا الحقل إلزامي.
refusal-argument-required = املأ { $name }.
refusal-too-long = اختصر { $field }: { $count } حرفًا، والحد الأقصى { $most } ({ $model }).
refusal-name-too-long = اختصر الاسم في { $field }: { $most } حرفًا على الأكثر ({ $model }).
refusal-read-only = لا يمكن تعديل { $field } ({ $model }).
refusal-one-at-a-time = عدّل { $field } لسجل واحد في كل مرة ({ $model }).
refusal-stays-as-made = { $field } لا يتغيّر: احذف المعرّف الخارجي وأنشئ غيره.
refusal-email-cant-become = لا يمكن إعطاء هذا البريد الإلكتروني لهذا الزبون. تحقق منه.
refusal-unknown-field-near = الحقل «{ $field }» غير موجود في { $model }. هل تقصد «{ $near }»؟
refusal-unknown-field-in-line = الحقل «{ $field }» غير موجود في سطر من { $model }. الحقول الممكنة: { $known }.
refusal-unknown-field = الحقل «{ $field }» غير موجود في { $model }.

## References

refusal-not-a-pos = «{ $value }» ليس نقطة بيع: اختر نقطة بيع.
refusal-not-a-location = «{ $value }» ليس موقعًا يحفظ السلع ({ $field }): اختر موقعًا آخر.
refusal-not-a-move-of-it = «{ $value }» ليست حركة من هذا التحويل.
refusal-unknown-reference = «{ $value }» غير موجود ({ $field }): اختر سجلًا موجودًا.
refusal-unknown-bank = البنك «{ $bank }» غير معروف. البنوك الممكنة: { $known }.
refusal-platform-unknown-bank = لا يوجد بنك باسم «{ $bank }»: اختر بنك المنصة. البنوك الممكنة: { $known }.
refusal-bank-is-a-name = أدخل اسم بنك، لا { $value }.
refusal-unknown-product = مرجع الصانع «{ $reference }» غير معروف ({ $field }).
refusal-unknown-pos = رمز نقطة البيع «{ $code }» غير معروف ({ $field }).
refusal-pos-closed-to-orders = نقطة البيع «{ $code }» لا تقبل طلبيات جديدة: هي مؤرشفة أو محظورة ({ $field }). اختر غيرها.
refusal-pos-closed-to-purchases = نقطة البيع «{ $code }» لا تقبل مشتريات جديدة: هي مؤرشفة أو محظورة. اختر غيرها.
refusal-pos-without-warehouse = نقطة البيع «{ $code }» ليس لها مستودع: رمزها تحمله أخرى. أعطها رمزًا آخر.
refusal-unknown-country = البلد «{ $country }» غير معروف. أدخل اسمًا أو رمز ISO.
refusal-bank-gone = البنك لم يعد موجودًا. حدّث الصفحة.

## Rights

refusal-may-not-read = لا يحق لك قراءة هذه السجلات: { $label } ({ $model }). اطلب ذلك من مسؤول.
refusal-may-not-create = لا يحق لك إنشاء هذه السجلات: { $label } ({ $model }). اطلب ذلك من مسؤول.
refusal-may-not-modify = لا يحق لك تعديل هذه السجلات: { $label } ({ $model }). اطلب ذلك من مسؤول.
refusal-may-not-delete = لا يحق لك حذف هذه السجلات: { $label } ({ $model }). اطلب ذلك من مسؤول.
refusal-may-not-forget = لا يمكن لغير المسؤول محو بيانات زبون: { $label } ({ $model }).
refusal-may-not-make-pos = لا يحق لك جعلها نقاط بيع: { $label } ({ $model }). اطلب ذلك من مسؤول.
refusal-may-not = ليس لك هذا الحق ({ $what }): { $label } ({ $model }). اطلب ذلك من مسؤول.
refusal-may-not-write-field = لا يحق لك تعديل { $field }: { $label } ({ $model }).
refusal-may-not-read-field = لا يحق لك قراءة { $field }: { $label } ({ $model }).
refusal-other-bank = لا يمكنك التصرف إلا باسم بنكك.
refusal-other-bank-user = لا يمكنك إنشاء مستخدمين إلا لبنكك.
refusal-other-pos = أنت تعمل في نقطة البيع «{ $code }» ولا يمكنك إرسال فرص نقطة أخرى.
refusal-shared-client = تعرف عدةُ بنوك الزبون { $client }: لا يغيّر اسمه وبريده الإلكتروني وحالته ونشاطه إلا المنصة والمركز. ويمكنك تعديل ما يكتبه بنكك لنفسه: { $fields }.
refusal-role-above-own = لا يمكنك منح دور أعلى من دورك.
refusal-key-makes-no-administrators = مفتاح API لا يكفي هنا: ادخل بكلمة مرورك.
refusal-key-makes-no-keys = مفتاح API لا ينشئ مفاتيح: ادخل بكلمة مرورك.
refusal-foreign-page = جاء الطلب من موقع آخر ورُفض. أعد المحاولة من هذه الصفحة.
refusal-external-module = لا يمكنك إنشاء معرّفات خارجية في الوحدة «{ $module }»: استعمل وحدتك.
refusal-private-method = هذه العملية ({ $method }) غير متاحة للمستخدمين.

## Log-in and sessions

refusal-session-expired = انتهت جلستك: سجّل الدخول من جديد.
refusal-access-denied = اسم الدخول أو كلمة المرور غير صحيحة.
refusal-wrong-passwords = عدد كبير من كلمات المرور الخاطئة. أعد المحاولة لاحقًا.
refusal-failed-log-ins = عدد كبير من محاولات الدخول الفاشلة. أعد المحاولة بعد ربع ساعة.
refusal-many-log-ins = عمليات دخول كثيرة في الوقت نفسه. أعد المحاولة.
refusal-passwords-away = لا يمكن التحقق من كلمات المرور الآن. أعد المحاولة.
refusal-no-database = قاعدة البيانات غير موجودة.
refusal-password-form = اختر كلمة مرور ({ $name }) من { $least } أحرف على الأقل و{ $most } بايت على الأكثر.
refusal-password-is-text = أدخل نصًا ({ $name }).

## What is not there

refusal-missing = السجل غير موجود أو حُذف. حدّث القائمة.
refusal-missing-record = (السجل: { $model } { $id })
refusal-not-found = هذه الصفحة غير موجودة.
refusal-no-file = ليس لـ { $model } { $id } ملف «{ $field }».
refusal-no-model = النموذج «{ $model }» غير موجود.
refusal-no-object = النموذج «{ $model }» غير موجود.
refusal-no-method = هذه العملية ({ $method }) غير موجودة في { $model }.
refusal-no-report = الوثيقة «{ $report }» غير موجودة.
refusal-no-external-id = المعرّف الخارجي { $name } غير موجود.

## What is there already, or in the way

refusal-taken = «{ $value }» مستعمل من قبل ({ $field }): هو للسجل { $id } ({ $model }).
refusal-same-login = اسم الدخول هذا مستعمل من قبل: اختر غيره.
refusal-same = سجل آخر له القيمة نفسها ({ $field }): { $label } ({ $model }).
refusal-busy = شخص آخر يعدّل هذه السجلات الآن. أعد المحاولة.
refusal-referred = لا يمكن حذف هذا السجل ({ $model }): يشير إليه { $referring }. أرشفه بدل ذلك.
refusal-one-bank-and-side = هذه السجلات ليست كلها لبنك واحد وطرف واحد: عالجها كلًّا على حدة.
refusal-key-reused = أُرسلت هذه الاستمارة من قبل بقيم أخرى. أعد تحميل الصفحة وحاول من جديد.
refusal-filter-required = اختر السجلات أولًا: لا يمكن أن يكون المرشّح فارغًا.
refusal-filter-required-of = اختر السجلات أولًا ({ $model }): لا يمكن أن يكون المرشّح فارغًا.
refusal-filter-finds-more-hint = المرشّح يجد أكثر من { $most } سجلًا: ضيّقه.
refusal-filter-finds-more = المرشّح يجد أكثر من { $most } سجلًا: ضيّقه.

## Rules of the tables

refusal-rule-not-empty = املأ { $field }: لا يمكن أن يكون هذا الحقل فارغًا ({ $label }، { $model }).
refusal-rule-not-negative = لا يمكن أن يكون { $field } سالبًا ({ $label }، { $model }).
refusal-rule-positive = يجب أن يكون { $field } أكبر من 0 ({ $label }، { $model }).
refusal-rule-one-tax = اختر رسمًا واحدًا فقط ({ $label }، { $model }).
refusal-rule-percentage = يجب أن تكون النسبة المئوية من 0 إلى 100 ({ $label }، { $model }).
refusal-rule-payment-days = أجل الدفع من 0 إلى 365 يومًا ({ $label }، { $model }).
refusal-rule-client-email = أدخل البريد الإلكتروني للزبون ({ $label }، { $model }).
refusal-rule-pos-code = أدخل رمز نقطة البيع ({ $label }، { $model }).
refusal-rule-bank-user = مستخدم البنك تابع لطرف المنصة ({ $label }، { $model }).
refusal-rule-administrator = المسؤول تابع لطرف المركز ({ $label }، { $model }).
refusal-rule-ends-differ = يجب أن يختلف المصدر عن الوجهة ({ $label }، { $model }).
refusal-rule-reserved-there = لا يمكن حجز أكثر مما هو موجود ({ $label }، { $model }).
refusal-rule = هذا غير ممكن لـ { $label } ({ $model }): { $rule }.

## Orders and leads

refusal-order-ended = الطلبية { $id } منتهية ({ $from }): لا يمكن أن تنتقل إلى { $to }.
refusal-order-step = الطلبية { $id } في الحالة { $from }: لا يمكن أن تنتقل إلى { $to }. المراحل الممكنة: { $possible }.
refusal-two-states = الحالة والحالة في المنصة مختلفتان: حدّد واحدة فقط.
refusal-only-draft-sent = لا يمكن تعليم غير الطلبية المسودة كمرسلة.
refusal-order-comes-with-lead = تُنشأ الطلبية مع فرصتها: أنشئ الفرصة أولًا.
refusal-lead-by-itself = تُنشأ الفرصة وحدها، لا داخل سجل آخر.
refusal-cart-rows = يجب أن تحتوي السلة من 1 إلى { $most } سطرًا (المستلم: { $found }).
refusal-cart-amount = السطر { $at } في السلة يتجاوز أي مبلغ ممكن: صحّح الكمية.
refusal-order-amount = مجموع الطلبية يتجاوز أي مبلغ ممكن: صحّح الكميات.
refusal-cart-tax = الرسم { $tax } للمنتج «{ $reference }» لم يعد موجودًا (السطر { $at } في السلة): صحّح المنتج.
refusal-object-expected = { $at }: { $value }، والمنتظر مجموعة حقول.
refusal-lead-known = هذه السلة أو رقم الطلبية هو للفرصة { $id } التي جاءت بمحتوى آخر. عدّلها بدل إنشائها من جديد.
refusal-two-leads = السلة ورقم الطلبية لفرصتين مختلفتين: { $one } و{ $other }. تحقق من الرقمين.
refusal-not-complete = الطلب ناقص: املأ كل الحقول الإلزامية.

## Invoices and credit notes

refusal-only-posted-reversed = لا يصدر إشعار دائن إلا لفاتورة مرحّلة.
refusal-with-the-client = ما بقي من { $name } هو عند الزبون: يصدر به إشعار دائن عند رجوعه. أنشئ الإرجاع من التسليم.
refusal-all-credited = صدرت إشعارات دائنة بكامل هذه الفاتورة.
refusal-reason-form = السبب نص من { $most } حرفًا على الأكثر.

## Clients, users

refusal-forget-reason = أدخل سببًا من 1 إلى { $most } حرفًا.
refusal-forget-open-orders = { $open } من طلبيات الزبون { $client } لم تُسلَّم ولم تُلغَ: أنهها أولًا.
refusal-forget-pos = نقطة البيع ليست شخصًا: أرشفها.
refusal-one-client = زبون واحد في كل مرة.
refusal-one-user = مستخدم واحد في كل مرة.
refusal-users-side = أُنشئ المستخدم { $users } من طرف المركز، والطرف لا يتغيّر: أرشفه وأنشئ غيره.
refusal-users-bank = المستخدم { $user } تابع لبنك: اختر بنكًا آخر ولا تترك الخانة فارغة.
refusal-only-administrator = هذا هو المسؤول الوحيد للمركز القادر على الدخول: عيّن غيره أولًا.
refusal-own-user = لا يمكن حذف مستخدم المركز ولا حذف نفسك.
refusal-api-key-form = أدخل وصفًا من 1 إلى 254 حرفًا، ومدة من 1 إلى { $most } يومًا.

## Transfers, counts, returns

refusal-transfer-ends = يجب أن يختلف مصدر التحويل عن وجهته.
refusal-one-picking = تحويل واحد في كل مرة.
refusal-shipped-with-order = { $name } يُلغى مع طلبيته { $order }: ألغِ الطلبية.
refusal-shipped-by-state = { $name } يُشحن عند تسليم الطلبية { $order }: قدّم مرحلة الطلبية.
refusal-picking-state = { $name } في الحالة «{ $state }»: هذه العملية غير ممكنة.
refusal-only-reserved = المحجوز من { $reference } للحركة { $move } هو { $left } فقط: لا يمكن أخذ { $quantity }. خفّض الكمية.
refusal-only-there = الموجود من { $reference } للحركة { $move } هو { $left } فقط: لا يمكن أخذ { $quantity }. خفّض الكمية.
refusal-nothing-noted = لم يُسجَّل شيء منفَّذ في { $name }: أدخل الكميات المنفَّذة.
refusal-nothing-reserved = لا شيء محجوز لـ { $name }: احجز أولًا أو انتظر السلع.
refusal-move-done = الحركة { $id } في الحالة «{ $state }»: ما نُفّذ لا يتغيّر.
refusal-nothing-to-take-back = { $name } ليس تسليمًا منفَّذًا: لا شيء لإرجاعه.
refusal-all-back = كل { $name } رجع من قبل.
refusal-return-at-most = من الحركة { $move } يمكن إرجاع { $left } على الأكثر، لا { $amount }.
refusal-return-quantities = أدخل الكميات المراد إرجاعها لكل حركة.
refusal-count-again = منذ جرد { $counted } من { $reference } في { $place } (وكان الموجود { $then }): { $since }؛ والموجود الآن { $now }. أعد الجرد.
refusal-lines-object = { $field }، السطر { $at }: { $value }، والمنتظر مجموعة حقول.

## Purchases

refusal-purchase-cant-change = الشراء { $name } في الحالة «{ $state }»: لا يمكن تعديله.
refusal-purchase-cant-confirm = الشراء { $name } في الحالة «{ $state }»: لا يمكن تأكيده.
refusal-purchase-cant-draft = الشراء { $name } في الحالة «{ $state }»: لا يمكن أن يعود مسودة.
refusal-purchase-cant-cancel = الشراء { $name } في الحالة «{ $state }»: لا يمكن إلغاؤه.
refusal-purchase-received = لا يمكن إلغاء الشراء { $name }: استُلمت سلع منه.
refusal-purchase-lines = أسطر الشراء لا تتغيّر: ألغه وأنشئ غيره.
refusal-purchase-line-amount = السطر { $at } يتجاوز أي مبلغ ممكن: صحّح الكمية أو السعر.
refusal-purchase-amount = مجموع الشراء يتجاوز أي مبلغ ممكن: صحّح الأسطر.

## Catalogue

refusal-refs-of-another = مراجع الصانع هذه لمنتج آخر: { $references }.
refusal-ref-twice = مرجع الصانع «{ $reference }» مكرر مرتين.
refusal-two-refs = المرجع مذكور مرتين بقيمتين مختلفتين: أبقِ واحدة فقط.
refusal-configurations = للمنتج { $most } تكوينًا على الأكثر (المستلم: { $value }).
refusal-attributes-list = { $place }المواصفات: { $value }؛ والحد الأقصى { $most }.
refusal-attributes-object = { $place }المواصفة: { $value }؛ أدخل خاصية وقيمة.
refusal-attributes-names = { $place }المواصفة: الخاصية والقيمة اسمان من 1 إلى { $most } حرفًا.
refusal-attributes-key = { $place }المواصفة: «{ $key }» غير معروف؛ أدخل خاصية وقيمة.
refusal-master-around = { $place }المنتج هو الذي يحتوي التكوين: لا تحدّد غيره.
refusal-category-above-itself = لا يمكن أن تكون الفئة فوق نفسها: اختر فئة أم أخرى.
refusal-category-depth = لا تتجاوز شجرة الفئات { $most } مستوى.

## Pictures and papers

refusal-picture-expected = { $field }: اختر ملف PNG أو JPEG (المستلم: { $value }).
refusal-picture-kind = { $field }: الملف ليس PNG ولا JPEG. اختر صورة أخرى.
refusal-paper-kind = الملف ليس PDF ولا JPEG ولا PNG. اختر غيره.
refusal-file-size = { $field }: الملف يتجاوز { $most } ميغابايت. اختر أصغر منه.
refusal-picture-size = { $field }: { $width } × { $height } تتجاوز { $most } ميغابكسل. صغّر الصورة.
refusal-file-base64 = { $field }: لم يُنقل الملف بشكل صحيح ({ $reason }). اختره من جديد.
refusal-picture-unread = { $field }: لا يمكن قراءة الصورة ({ $reason }). اختر غيرها.
refusal-picture-unwritten = { $field }: لا يمكن تحويل الصورة ({ $reason }). اختر غيرها.
refusal-picture-there = تُغيَّر الصورة في التكوين نفسه.
refusal-many-pictures = { $count } صورة أكثر من اللازم في مرة واحدة: { $most } على الأكثر.
refusal-paper-required = اختر ملفًا.
refusal-paper-file = اختر ملفًا (المستلم: { $value }).
refusal-paper-type = المرفق ملف، لا { $value }.
refusal-paper-model = يُرفق الملف بفرصة أو بطلبية.
refusal-paper-record = حدّد الفرصة أو الطلبية التي يُرفق بها الملف.
refusal-paper-by-itself = يُضاف المرفق وحده، لا داخل سجل آخر.
refusal-many-papers = لـ { $model } { $id } عدد { $count } من المرفقات، والحد الأقصى { $most }.
refusal-no-file-field = { $field } ليس ملفًا ({ $model }).
refusal-many-files = يُعطى الملف إلى { $most } سجلًا في كل مرة، لا إلى { $count }.

## Platforms

refusal-url-none = الرابط الأساسي ليس رابطًا: أدخله مثل https://bank.example.
refusal-url-parts = الرابط الأساسي له بروتوكول ومضيف ومنفذ ومسار لا غير.
refusal-url-host = الرابط الأساسي بلا مضيف: أضفه.
refusal-url-https = يجب أن يبدأ الرابط الأساسي بـ https://.
refusal-url-private = لا يمكن أن يكون الرابط الأساسي عنوانًا خاصًا أو محليًا.
refusal-platform-paths = المسارات الأخرى كائن JSON، مثل { $example }.
refusal-platform-secret = السر هو «whsec_» متبوعًا بـ 24 إلى 64 بايت بترميز base64.
refusal-platform-off = المنصة معطّلة: لا يُرسل إليها شيء. فعّلها أولًا.
refusal-one-platform = قارن منصة واحدة في كل مرة.
refusal-compare-kind = اختر نوعًا من: { $kinds }.
refusal-compare-digests = البصمات كائن من 10.000 معرّف على الأكثر.
refusal-replay-since = أدخل تاريخًا ووقتًا مثل 31/12/2026 23:59:59.
refusal-sync-kinds = اختر من: { $kinds }.
refusal-sync-kinds-list = اختر قائمة أنواع.

## Too much at once

refusal-many-records = { $count } سجلًا أكثر من اللازم في مرة واحدة: { $most } على الأكثر.
refusal-many-related = { $count } سطرًا يتغيّر في مرة واحدة، والحد الأقصى { $most }: احفظ على دفعات.
refusal-many-ids = اخترت أكثر من { $most } سجلًا: اختر أقل.
refusal-far-page = الصفحة { $page } بعد { $most } سجل: ضيّق المرشّح.
refusal-many-groups = يوجد أكثر من { $most } مجموعة: ضيّق المرشّح.
refusal-large-groups = تتجاوز المجموعات { $most } ميغابايت: ضيّق المرشّح.
refusal-many-group-fields = التجميع بـ { $most } حقول على الأكثر.
refusal-many-aggregates = { $most } مجاميع على الأكثر لكل مجموعة.
refusal-many-match-list = أكثر من { $most } سجلًا يطابق: ضيّق المرشّح أو اترك «{ $list }».
refusal-many-match-sealed = أكثر من { $most } سجلًا يطابق: تُقرأ الحقول المشفَّرة صفحةً صفحة. ضيّق المرشّح.
refusal-many-match-files = أكثر من { $most } سجلًا يطابق: تُقرأ الملفات صفحةً صفحة. ضيّق المرشّح.
refusal-many-match = أكثر من { $most } سجلًا يطابق: ضيّق المرشّح.
refusal-many-match-services = أكثر من { $most } سجلًا يطابق: ضيّق المرشّح أو اختر نموذجًا واحدًا.
refusal-many-merged = لا يمكن عرض إلا أول { $most }: اختر نموذجًا واحدًا.
refusal-many-elsewhere = أكثر من { $most } سجلًا ({ $model }) يطابق الشرط على { $path }: دقّقه.
refusal-many-elsewhere-together = تجد الشروط معًا سجلات كثيرة جدًا: دقّقها.
refusal-many-for-query = أكثر من { $most } سجلًا يطابق: ضيّق المرشّح.
refusal-many-for-workbook = أكثر من { $most } سجلًا لمصنّف: صدّر بصيغة CSV أو ضيّق المرشّح.
refusal-many-documents = طُلبت { $count } وثيقة: { $most } على الأكثر في ملف واحد. اختر أقل.
refusal-long-documents = لهذه الوثائق أسطر كثيرة جدًا لملف واحد: اطبع أقل في كل مرة.
refusal-nested-lists = تطلب الصفحة أكثر من { $most } قائمة في مرة واحدة: اختر أعمدة أقل.
refusal-large-answer = يتجاوز الجواب { $most } سجلًا مرتبطًا: اعرض أسطرًا أقل في الصفحة.
refusal-large-answers = يتجاوز الجواب { $most } ميغابايت: اعرض أسطرًا أقل في الصفحة.
refusal-many-led-to = يقود { $path } إلى أكثر من { $most } سجلًا ({ $model }): اعرض أسطرًا أقل في الصفحة.
refusal-many-services = يمرّ { $path } بعلاقات كثيرة جدًا ({ $most } على الأكثر): اختر عمودًا أقرب.
refusal-many-questions = يتبع المرشّح والأعمدة أكثر من { $most } علاقة: اختر أقل.
refusal-many-in-list-file = { $path } لا يُصدَّر إلا بمعرّفه.
refusal-elsewhere-in-file = { $field } لا يُصدَّر إلا بمعرّفه ({ $comodel }).
refusal-several-services = اختر نموذجًا واحدًا قبل هذه العملية ({ $model }، { $method }).
refusal-number-from-to = { $name } هو «{ $value }»: المنتظر عدد صحيح من { $least } إلى { $most }.
refusal-number-to = { $name } هو { $value }: المنتظر عدد صحيح من { $least } إلى { $most }.
refusal-cursor = هذه الصفحة من القائمة لم تعد موجودة («{ $value }»): ارجع إلى البداية.
refusal-format = «{ $value }» ليست صيغة: اختر CSV أو XLSX.
refusal-workbooks-busy = مصنّفات كثيرة قيد الإنشاء. أعد المحاولة أو صدّر بصيغة CSV.
refusal-share = لديك { $count } من هذه الطلبات قيد التنفيذ ({ $what }). انتظر انتهاءها ثم أعد المحاولة.
refusal-all-taken = المركز يعالج { $count } من هذه الطلبات ({ $what }). أعد المحاولة.
refusal-body-file = الملف كبير جدًا: 10 ميغابايت على الأكثر (حد الإرسال { $most } بايت).
refusal-body = الإرسال كبير جدًا: { $most } بايت على الأكثر.
refusal-body-slow = استغرق الإرسال وقتًا طويلًا. تحقق من اتصالك وأعد المحاولة.
refusal-body-broke-off = انقطع الإرسال ({ $reason }). أعد المحاولة.

## Search, order, files of a list

refusal-domain = المرشّح غير صالح: { $reason }.
refusal-filter-field-near = الحقل { $field } غير موجود ({ $leaf }). هل تقصد «{ $near }»؟
refusal-filter-field = الحقل { $field } غير موجود ({ $leaf }). اختر غيره.
refusal-operator = المعامل «{ $operator }» لا يناسب { $field }. اختر غيره.
refusal-operator-tree = المعامل «{ $operator }» لا يناسب { $field } لأنه ليس شجرة.
refusal-not-searched = لا يمكن البحث بـ { $field } ({ $model }).
refusal-no-relation = { $field } ليس علاقة ({ $model }).
refusal-elsewhere-filter = { $field } لا يُرشَّح إلا بالسجل ({ $comodel }).
refusal-file-compared = { $field } ملف: يُبحث فقط عن وجوده.
refusal-search-text = للبحث في { $field } أدخل نصًا، لا { $value }.
refusal-many-wildcards = البحث في { $field } فيه أكثر من { $most } رموز بديلة (%، _).
refusal-pattern-escape = ينتهي البحث في { $field } بشرطة مائلة عكسية: احذفها.
refusal-many-relations = أكثر من { $most } علاقات في شرط واحد.
refusal-encrypted-searched = { $field } مشفَّر: لا يمكن البحث ولا الترتيب به ({ $model }).
refusal-encrypted-read = { $field } مشفَّر: افتح السجل لقراءته ({ $model }).
refusal-not-grouped = لا يمكن التجميع بـ { $field } ({ $model }، { $why }).
refusal-not-summed = «{ $function }» لا يناسب { $field } ({ $model }، { $kind }).
refusal-no-period = الفترات للتواريخ فقط: { $field } من نوع { $kind } ({ $spec }).
refusal-grouped-file = { $field } ملف: لا يُجمَّع ولا يُجمع.
refusal-grouped-order = لا يمكن ترتيب المجموعات بـ { $field }.
refusal-order-file = لا يمكن الترتيب بـ { $field }: هو ملف.
refusal-order-elsewhere = لا يمكن الترتيب بـ { $field } ({ $comodel }).
refusal-order-several = لا يمكن الترتيب بـ { $field }: له عدة قيم.
refusal-order-many = الترتيب بـ { $most } حقول على الأكثر.
refusal-order-many-groups = حقول ترتيب كثيرة جدًا: اختر أقل.
refusal-order-wrong = الترتيب «{ $key }» غير صالح: اضغط على عمود.
refusal-order-direction = اتجاه الترتيب «{ $key }» غير صالح: اضغط على عمود.
refusal-filter-json = لا يمكن قراءة المرشّح في العنوان ({ $name }، { $reason }). أعده من القائمة.
refusal-file-column = اختر عمودًا واحدًا على الأقل للتصدير.
refusal-file-columns = للملف { $most } عمودًا على الأكثر: اختر أقل.
refusal-export-columns = صدّر { $most } عمودًا على الأكثر.
refusal-file-in-file = { $field } ملف بحد ذاته: لا يُصدَّر في قائمة.
refusal-block-in-file = { $field } قائمة: لا تتسع لها سطر في ملف.
refusal-long-name = نص البحث طويل جدًا: { $most } حرفًا على الأكثر.
refusal-time-zone-name = «{ $zone }» ليست منطقة زمنية: أدخل مثلًا Africa/Algiers.

## Import

refusal-import-columns = للملف CSV عدد { $count } من الأعمدة: المطلوب من 1 إلى { $most }.
refusal-import-csv = لا يمكن قراءة ملف CSV: { $reason }.
refusal-import-lines = أكثر من { $most } سطرًا: استورد على دفعات.
refusal-import-names = أكثر من { $most } عمودًا.
refusal-import-rows = { $count } سطرًا أكثر من اللازم في مرة واحدة: { $most } على الأكثر.
refusal-import-data = اختر ملفًا للاستيراد.
refusal-import-row = لا يمكن قراءة السطر { $row }.
refusal-import-cells = السطر { $row } فيه { $count } خلية، بينما الأعمدة { $columns }.
refusal-import-cell-size = السطر { $row }، «{ $column }»: خلية تتجاوز { $most } بايت.
refusal-import-many-columns = { $count } عمودًا أكثر من اللازم: { $most } على الأكثر.
refusal-import-column-twice = العمود «{ $column }» مكرر مرتين.
refusal-import-column-list = العمود «{ $column }» قائمة: استورد سجلاته على حدة.
refusal-import-column-elsewhere = العمود «{ $column }» يقود إلى { $comodel }: أدخل الرقم في «{ $field }/.id».
refusal-import-external = «{ $cell }» ليس معرّفًا خارجيًا: اكتب module.name.
refusal-import-number = «{ $cell }» ليس عددًا.
refusal-import-no-match = لا يوجد سجل بالمعرّف الخارجي «{ $name }» ({ $field }).
refusal-import-many-named = أكثر من { $most } سجلًا في خلية واحدة.
refusal-import-more = و{ $count } سطرًا آخر
refusal-import-nothing-stored = لم يُحفظ شيء.
refusal-import-partly-stored = حُفظت الأسطر من 1 إلى { $last } ولا شيء بعدها: صحّح الملف وأعد إرساله كاملًا.

## The hub itself: away, full, or wrong

refusal-internal = واجه الخادم خطأ. أبلغ المسؤول برقم التتبع هذا: { $trace }
refusal-starting = المركز قيد التشغيل. أعد المحاولة بعد لحظة.
refusal-service-not-there = جزء من المركز لا يستجيب ({ $service }). أعد المحاولة.
refusal-service-away = جزء من المركز لا يستجيب ({ $service }). أعد المحاولة.
refusal-service-broke-off = قطع جزء من المركز جوابه ({ $service }). أعد المحاولة.
refusal-service-answer = أجاب جزء من المركز جوابًا غير متوقع. أعد المحاولة ثم أبلغ المسؤول.
refusal-service-more = أجاب جزء من المركز بأكثر مما طُلب. أعد المحاولة ثم أبلغ المسؤول.
refusal-clocks = ساعات المركز مختلفة. أعد المحاولة ثم أبلغ المسؤول.
refusal-database-busy = قاعدة البيانات مشغولة أو غير متاحة. أعد المحاولة.
refusal-database-away = قاعدة البيانات غير متاحة. أعد المحاولة.
refusal-database-silent = قاعدة البيانات لا تستجيب. أعد المحاولة.
refusal-database-unable = لا تستطيع قاعدة البيانات فعل ذلك الآن. أعد المحاولة.
refusal-outcome-unknown = غابت قاعدة البيانات أثناء الحفظ: تحقق من النتيجة ثم أعد المحاولة.
refusal-too-slow-ask-less = استغرق الطلب وقتًا طويلًا: ضيّق المرشّح أو اطلب أقل.
refusal-too-slow = استغرق الطلب وقتًا طويلًا. أعد المحاولة.
refusal-answer-broke-off = انقطع الجواب. أعد المحاولة.
refusal-answer-not-put-together = تعذّر إعداد الجواب. أعد المحاولة.
refusal-records-removed = حُذفت سجلات أثناء قراءتها. أعد المحاولة.
refusal-nothing-printed = المركز يتوقف ولم يعد يطبع. أعد المحاولة بعد لحظة.
refusal-method-not-allowed = هذا الإجراء غير ممكن هنا ({ $allowed }).

## Why a delivery to a platform was not made, as its attempts tell

refusal-push-unwanted = المنصة لم تعد تريده.
refusal-push-nothing = لم يكن هناك ما يُرسل.
refusal-push-service-away = جزء من المركز غير متاح؛ لم تتم المحاولة.
refusal-push-service-slow = جزء من المركز بطيء؛ لم تتم المحاولة.
refusal-push-secret = لا يمكن فتح سر المنصة؛ لم تتم المحاولة. أعطها سرًا جديدًا.
refusal-push-switched-off = عُطّلت المنصة؛ لم تتم المحاولة. فعّلها للاستئناف.
refusal-push-others-failed = بقيت نداءات أخرى بلا جواب؛ لم تتم المحاولة.
refusal-push-others-slow = استغرقت نداءات أخرى وقتًا طويلًا؛ لم تتم المحاولة.
refusal-push-taken = تولّته عملية أخرى؛ لم تتم المحاولة هنا.
refusal-push-database = قاعدة بيانات المركز غير متاحة؛ لم تتم المحاولة.
refusal-push-timeout = لا جواب في الوقت المحدد. تحقق من المنصة.
refusal-push-gone = أجابت المنصة بـ 410: عُطّلت. فعّلها للاستئناف.
refusal-push-record = لا يمكن قراءة السجل المراد إرساله: { $reason }

## Why a call failed, and what can not be done to a platform

refusal-why-gone = أجابت المنصة { $status }: لا تريد استلام المزيد وقد عُطّلت
refusal-why-signature = أجابت المنصة { $status }: لم تقبل توقيعنا
refusal-why-moved = أجابت المنصة { $status }: انتقلت إلى عنوان آخر ولا نتبعها
refusal-why-status = أجابت المنصة { $status }
refusal-why-unreached-one = تعذّر الوصول إلى المنصة خلال { $many } ثانية
refusal-why-unreached = تعذّر الوصول إلى المنصة خلال { $many } ثانية
refusal-why-unanswered-one = لم تجب المنصة خلال { $many } ثانية
refusal-why-unanswered = لم تجب المنصة خلال { $many } ثانية
refusal-why-private = اسم عنوان المنصة لا يؤدي إلى عنوان عام
refusal-why-unknown = اسم عنوان المنصة غير معروف
refusal-why-expired = انتهت صلاحية شهادة المنصة: لا يُوثق بها
refusal-why-other-name = شهادة المنصة لاسم آخر: لا يُوثق بها
refusal-why-untrusted = الشهادة غير موثوقة
refusal-why-refused = رُفض الاتصال
refusal-why-network = تعذّر الوصول إلى شبكة المنصة
refusal-why-insecure = تعذّر إنشاء اتصال آمن
refusal-why-connection = تعذّر إنشاء اتصال
refusal-why-broken = انقطع الاتصال قبل الجواب
refusal-platform-paused = المنصة معطّلة أو متوقفة مؤقتًا: لا يُرسل إليها شيء.
refusal-one-secret = تستلم منصة واحدة في كل مرة سرًّا جديدًا.
refusal-replay-most = أكثر من { $most } إرسال: أعد إرسال هذا العدد كل مرة، أو حدّد مرشّحًا.
refusal-write-off-free = { $free } فقط من { $reference } حرة في { $place }، و{ $reserved } أخرى محجوزة: لا يمكن إتلاف { $quantity }.
refusal-one-quantity = كمية واحدة في كل مرة.
