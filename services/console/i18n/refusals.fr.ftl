# What the services refuse, told in French: the messages and variables of refusals.en.ftl.

## What holds another refusal, which is translated by itself: tried first

refusal-in-line = Ligne { $number } : { $problem }
refusal-configuration-object = La configuration { $at } n’est pas un groupe de champs ({ $value }).
refusal-in-configuration = Configuration { $at } : { $problem }
refusal-and-nothing-stored = { $problem } Rien n’est enregistré.
refusal-and-partly-stored = { $problem } Les lignes 1 à { $last } sont enregistrées, aucune après : corrigez le fichier et renvoyez-le en entier.

## Values: the most frequent, what names its expectation before what doesn't

refusal-value-text = Valeur incorrecte pour { $field } : { $value }. Saisissez un texte.
refusal-value-whole = Valeur incorrecte pour { $field } : { $value }. Saisissez un nombre entier.
refusal-value-above-zero = Valeur incorrecte pour { $field } : { $value }. Saisissez un nombre supérieur à 0.
refusal-value-from-zero-below = Valeur incorrecte pour { $field } : { $value }. Saisissez un nombre de 0 à moins de { $most }.
refusal-value-from-zero = Valeur incorrecte pour { $field } : { $value }. Saisissez un nombre supérieur ou égal à 0.
refusal-value-boolean = Valeur incorrecte pour { $field } : { $value }. Choisissez vrai ou faux.
refusal-value-day = Valeur incorrecte pour { $field } : { $value }. Saisissez une date, comme 31/12/2026.
refusal-value-moment = Valeur incorrecte pour { $field } : { $value }. Saisissez une date et une heure, comme 31/12/2026 23:59:59.
refusal-value-one-of = Valeur incorrecte pour { $field } : { $value }. Choisissez l’une de ces valeurs : { $options }.
refusal-value-file = Le fichier de { $field } ne peut pas être lu ({ $value }). Choisissez-le de nouveau.
refusal-value-id = Valeur incorrecte pour { $field } : { $value }. Choisissez un enregistrement de la liste.
refusal-value-id-or-name = Valeur incorrecte pour { $field } : { $value }. Choisissez un enregistrement de la liste, ou saisissez son nom.
refusal-value-manufacturer-ref = Valeur incorrecte pour { $field } : { $value }. Indiquez une référence du fabricant.
refusal-value-warehouse = Valeur incorrecte pour { $field } : { $value }. Indiquez le code d’un entrepôt.
refusal-value-object = Valeur incorrecte pour { $field } : { $value }. Un groupe de champs est attendu.
refusal-value-at-most-demand = Quantité faite trop grande : { $done }. Le mouvement { $move } demande { $demand } au plus.
refusal-value-neither-id-nor-name = Valeur incorrecte pour { $field } : « { $name } » n’a que des chiffres. Choisissez un enregistrement de la liste, ou saisissez un nom.
refusal-value-only-internal = Seuls des transferts internes peuvent être créés à la main.
refusal-value-external-name = Valeur incorrecte pour { $field } : « { $value } ». Saisissez un nom sans point ni espace.
refusal-wrong-value = Valeur incorrecte pour { $field } : { $value } (attendu : { $expected }).

## Fields

refusal-required-pos-code = Indiquez le code du point de vente : il est obligatoire pour un point de vente.
refusal-required = Remplissez { $field } : ce champ est obligatoire ({ $model }).
refusal-required-lines = Ajoutez des lignes dans { $field } : de 1 à { $most }.
refusal-required-here = Remplissez { $field } : ce champ est obligatoire.
refusal-argument-required = Remplissez { $name }.
refusal-too-long = Raccourcissez { $field } : { $count } caractères, { $most } au plus ({ $model }).
refusal-name-too-long = Raccourcissez le nom dans { $field } : { $most } caractères au plus ({ $model }).
refusal-read-only = { $field } ne peut pas être modifié ({ $model }).
refusal-one-at-a-time = Modifiez { $field } pour un enregistrement à la fois ({ $model }).
refusal-stays-as-made = { $field } ne change pas : supprimez l’identifiant externe et créez-en un autre.
refusal-email-cant-become = Cet e-mail ne peut pas être donné à ce client. Vérifiez-le.
refusal-unknown-field-near = Le champ « { $field } » n’existe pas dans { $model }. Vouliez-vous dire « { $near } » ?
refusal-unknown-field-in-line = Le champ « { $field } » n’existe pas dans une ligne de { $model }. Champs possibles : { $known }.
refusal-unknown-field = Le champ « { $field } » n’existe pas dans { $model }.

## References

refusal-not-a-pos = « { $value } » n’est pas un point de vente : choisissez-en un.
refusal-not-a-location = « { $value } » n’est pas un emplacement de stock ({ $field }) : choisissez-en un autre.
refusal-not-a-move-of-it = « { $value } » n’est pas un mouvement de ce transfert.
refusal-unknown-reference = « { $value } » est introuvable ({ $field }) : choisissez un enregistrement existant.
refusal-unknown-bank = La banque « { $bank } » est inconnue. Banques possibles : { $known }.
refusal-platform-unknown-bank = Aucune banque ne s’appelle « { $bank } » : choisissez celle de la plateforme. Banques possibles : { $known }.
refusal-bank-is-a-name = Indiquez le nom d’une banque, pas { $value }.
refusal-unknown-product = La référence du fabricant « { $reference } » est inconnue ({ $field }).
refusal-unknown-pos = Le code de point de vente « { $code } » est inconnu ({ $field }).
refusal-pos-closed-to-orders = Le point de vente « { $code } » ne prend plus de commande : il est archivé ou bloqué ({ $field }). Choisissez-en un autre.
refusal-pos-closed-to-purchases = Le point de vente « { $code } » ne prend plus d’achat : il est archivé ou bloqué. Choisissez-en un autre.
refusal-pos-without-warehouse = Le point de vente « { $code } » n’a pas d’entrepôt : un autre porte son code. Donnez-lui un autre code.
refusal-unknown-country = Le pays « { $country } » est inconnu. Indiquez un nom ou un code ISO.
refusal-bank-gone = La banque n’existe plus. Actualisez la page.

## Rights

refusal-may-not-read = Vous n’avez pas le droit de lire ces enregistrements : { $label } ({ $model }). Demandez-le à un administrateur.
refusal-may-not-create = Vous n’avez pas le droit de créer ces enregistrements : { $label } ({ $model }). Demandez-le à un administrateur.
refusal-may-not-modify = Vous n’avez pas le droit de modifier ces enregistrements : { $label } ({ $model }). Demandez-le à un administrateur.
refusal-may-not-delete = Vous n’avez pas le droit de supprimer ces enregistrements : { $label } ({ $model }). Demandez-le à un administrateur.
refusal-may-not-forget = Seul un administrateur peut effacer les données d’un client : { $label } ({ $model }).
refusal-may-not-make-pos = Vous n’avez pas le droit d’en faire des points de vente : { $label } ({ $model }). Demandez-le à un administrateur.
refusal-may-not = Vous n’avez pas ce droit ({ $what }) : { $label } ({ $model }). Demandez-le à un administrateur.
refusal-may-not-write-field = Vous n’avez pas le droit de modifier { $field } : { $label } ({ $model }).
refusal-may-not-read-field = Vous n’avez pas le droit de lire { $field } : { $label } ({ $model }).
refusal-other-bank = Vous ne pouvez agir que pour votre propre banque.
refusal-other-bank-user = Vous ne pouvez créer que des utilisateurs de votre propre banque.
refusal-other-pos = Vous travaillez au point de vente « { $code } » : les opportunités d’un autre ne sont pas de votre ressort.
refusal-shared-client = Plusieurs banques connaissent le client { $client } : seuls la plateforme et le hub changent son nom, son e-mail, son statut et s’il est actif. Vous pouvez modifier ce que votre banque écrit pour elle-même : { $fields }.
refusal-role-above-own = Vous ne pouvez pas donner un rôle supérieur au vôtre.
refusal-key-makes-no-administrators = Une clé d’API ne suffit pas ici : connectez-vous avec votre mot de passe.
refusal-key-makes-no-keys = Une clé d’API ne crée pas de clé : connectez-vous avec votre mot de passe.
refusal-foreign-page = La demande vient d’un autre site et a été refusée. Recommencez depuis cette page.
refusal-external-module = Vous ne pouvez pas créer d’identifiants externes dans le module « { $module } » : utilisez le vôtre.
refusal-private-method = Cette opération ({ $method }) n’est pas ouverte aux utilisateurs.

## Log-in and sessions

refusal-session-expired = Votre session a expiré : connectez-vous de nouveau.
refusal-access-denied = Identifiant ou mot de passe incorrect.
refusal-wrong-passwords = Trop de mots de passe incorrects. Réessayez plus tard.
refusal-failed-log-ins = Trop de connexions échouées. Réessayez dans un quart d’heure.
refusal-many-log-ins = Trop de connexions en même temps. Réessayez.
refusal-passwords-away = Les mots de passe ne peuvent pas être vérifiés maintenant. Réessayez.
refusal-no-database = Base de données introuvable.
refusal-password-form = Choisissez un mot de passe ({ $name }) d’au moins { $least } caractères, et de { $most } octets au plus.
refusal-password-is-text = Saisissez un texte ({ $name }).

## What is not there

refusal-missing = L’enregistrement n’existe pas ou a été supprimé. Actualisez la liste.
refusal-missing-record = (Enregistrement : { $model } { $id })
refusal-not-found = Cette page n’existe pas.
refusal-no-file = { $model } { $id } n’a pas de fichier « { $field } ».
refusal-no-model = Le modèle « { $model } » n’existe pas.
refusal-no-object = Le modèle « { $model } » n’existe pas.
refusal-no-method = Cette opération ({ $method }) n’existe pas pour { $model }.
refusal-no-report = Le document « { $report } » n’existe pas.
refusal-no-external-id = L’identifiant externe { $name } est introuvable.

## What is there already, or in the way

refusal-taken = « { $value } » est déjà pris ({ $field }) : c’est celui de l’enregistrement { $id } ({ $model }).
refusal-same-login = Cet identifiant de connexion est déjà pris : choisissez-en un autre.
refusal-same = Un autre enregistrement a la même valeur ({ $field }) : { $label } ({ $model }).
refusal-busy = Quelqu’un d’autre modifie ces enregistrements en ce moment. Réessayez.
refusal-referred = Cet enregistrement ne peut pas être supprimé ({ $model }) : { $referring } y fait référence. Archivez-le plutôt.
refusal-one-bank-and-side = Ces enregistrements ne sont pas tous de la même banque et du même côté : traitez-les séparément.
refusal-key-reused = Ce formulaire a déjà été envoyé avec d’autres valeurs. Rechargez la page et recommencez.
refusal-filter-required = Choisissez d’abord les enregistrements : le filtre ne peut pas être vide.
refusal-filter-required-of = Choisissez d’abord les enregistrements ({ $model }) : le filtre ne peut pas être vide.
refusal-filter-finds-more-hint = Le filtre trouve plus de { $most } enregistrements : resserrez-le.
refusal-filter-finds-more = Le filtre trouve plus de { $most } enregistrements : resserrez-le.

## Rules of the tables

refusal-rule-not-empty = Remplissez { $field } : ce champ ne peut pas être vide ({ $label }, { $model }).
refusal-rule-not-negative = { $field } ne peut pas être négatif ({ $label }, { $model }).
refusal-rule-positive = { $field } doit être supérieur à 0 ({ $label }, { $model }).
refusal-rule-one-tax = Choisissez une seule taxe ({ $label }, { $model }).
refusal-rule-percentage = Le pourcentage doit être de 0 à 100 ({ $label }, { $model }).
refusal-rule-payment-days = Le délai de paiement est de 0 à 365 jours ({ $label }, { $model }).
refusal-rule-client-email = Indiquez l’e-mail du client ({ $label }, { $model }).
refusal-rule-pos-code = Indiquez le code du point de vente ({ $label }, { $model }).
refusal-rule-bank-user = L’utilisateur d’une banque est du côté de la plateforme ({ $label }, { $model }).
refusal-rule-administrator = Un administrateur est du côté du hub, sans banque ({ $label }, { $model }).
refusal-rule-ends-differ = La source et la destination doivent être différentes ({ $label }, { $model }).
refusal-rule-reserved-there = On ne peut pas réserver plus que ce qui est en stock ({ $label }, { $model }).
refusal-rule = Ce n’est pas possible pour { $label } ({ $model }) : { $rule }.

## Orders and leads

refusal-order-ended = La commande { $id } est terminée ({ $from }) : elle ne peut plus passer à { $to }.
refusal-order-step = La commande { $id } est à { $from } : elle ne peut pas passer à { $to }. Étapes possibles : { $possible }.
refusal-two-states = Le statut et le statut de la plateforme ne disent pas la même chose : indiquez-en un seul.
refusal-only-draft-sent = Seule une commande en brouillon peut être marquée comme envoyée.
refusal-order-comes-with-lead = Une commande se crée avec son opportunité : créez d’abord celle-ci.
refusal-lead-by-itself = Une opportunité se crée seule, pas dans un autre enregistrement.
refusal-cart-rows = Le panier doit avoir de 1 à { $most } lignes (reçu : { $found }).
refusal-cart-amount = La ligne { $at } du panier dépasse tout montant possible : corrigez la quantité.
refusal-order-amount = Le total de la commande dépasse tout montant possible : corrigez les quantités.
refusal-cart-tax = La taxe { $tax } de « { $reference } » n’existe plus (ligne { $at } du panier) : corrigez le produit.
refusal-object-expected = { $at } : { $value }, alors qu’un groupe de champs est attendu.
refusal-lead-known = Ce panier ou ce numéro de commande est celui de l’opportunité { $id }, venue avec un autre contenu. Modifiez-la au lieu de la créer de nouveau.
refusal-two-leads = Le panier et le numéro de commande sont ceux de deux opportunités : { $one } et { $other }. Vérifiez les numéros.
refusal-not-complete = La demande est incomplète : remplissez tous les champs obligatoires.

## Invoices and credit notes

refusal-only-posted-reversed = Seule une facture comptabilisée peut faire l’objet d’un avoir.
refusal-with-the-client = Ce qui reste de { $name } est chez le client : l’avoir se fait au retour. Créez le retour depuis la livraison.
refusal-all-credited = Toute cette facture a déjà fait l’objet d’avoirs.
refusal-reason-form = Le motif est un texte de { $most } caractères au plus.

## Clients, users

refusal-forget-reason = Indiquez un motif de 1 à { $most } caractères.
refusal-forget-open-orders = { $open } commandes du client { $client } ne sont ni livrées ni annulées : terminez-les d’abord.
refusal-forget-pos = Un point de vente n’est pas une personne : archivez-le.
refusal-one-client = Un client à la fois.
refusal-one-user = Un utilisateur à la fois.
refusal-users-side = L’utilisateur { $users } a été créé du côté du hub, et le côté ne change pas : archivez-le et créez-en un autre.
refusal-users-bank = L’utilisateur { $user } est d’une banque : choisissez-en une autre, ne la videz pas.
refusal-only-administrator = C’est le seul administrateur du hub qui peut se connecter : nommez-en d’abord un autre.
refusal-own-user = L’utilisateur du hub et vous-même ne pouvez pas être supprimés.
refusal-api-key-form = Donnez une description de 1 à 254 caractères, et une durée de 1 à { $most } jours.

## Transfers, counts, returns

refusal-transfer-ends = La source et la destination du transfert doivent être différentes.
refusal-one-picking = Un transfert à la fois.
refusal-shipped-with-order = { $name } s’annule avec sa commande { $order } : annulez la commande.
refusal-shipped-by-state = { $name } part quand la commande { $order } est livrée : faites avancer la commande.
refusal-picking-state = { $name } est dans l’état « { $state } » : cette opération n’est pas possible.
refusal-only-reserved = { $left } de { $reference } seulement sont réservés pour le mouvement { $move } : { $quantity } ne peuvent pas être pris. Réduisez la quantité.
refusal-only-there = { $left } de { $reference } seulement sont là pour le mouvement { $move } : { $quantity } ne peuvent pas être pris. Réduisez la quantité.
refusal-nothing-noted = Rien n’est noté comme fait sur { $name } : indiquez les quantités faites.
refusal-nothing-reserved = Rien n’est réservé pour { $name } : réservez d’abord, ou attendez la marchandise.
refusal-move-done = Le mouvement { $id } est dans l’état « { $state } » : ce qui est fait ne change plus.
refusal-nothing-to-take-back = { $name } n’est pas une livraison effectuée : il n’y a rien à retourner.
refusal-all-back = Tout { $name } est déjà revenu.
refusal-return-at-most = Du mouvement { $move }, { $left } au plus peuvent revenir, pas { $amount }.
refusal-return-quantities = Indiquez les quantités à retourner, par mouvement.
refusal-count-again = Depuis le comptage de { $counted } de { $reference } à { $place } ({ $then } alors en stock) : { $since } ; il y en a maintenant { $now }. Recomptez.
refusal-lines-object = { $field }, ligne { $at } : { $value }, alors qu’un groupe de champs est attendu.

## Purchases

refusal-purchase-cant-change = L’achat { $name } est dans l’état « { $state } » : il ne peut plus être modifié.
refusal-purchase-cant-confirm = L’achat { $name } est dans l’état « { $state } » : il ne peut pas être confirmé.
refusal-purchase-cant-draft = L’achat { $name } est dans l’état « { $state } » : il ne peut pas redevenir un brouillon.
refusal-purchase-cant-cancel = L’achat { $name } est dans l’état « { $state } » : il ne peut pas être annulé.
refusal-purchase-received = L’achat { $name } ne peut pas être annulé : des marchandises ont déjà été reçues.
refusal-purchase-lines = Les lignes d’un achat ne changent pas : annulez-le et créez-en un autre.
refusal-purchase-line-amount = La ligne { $at } dépasse tout montant possible : corrigez la quantité ou le prix.
refusal-purchase-amount = Le total de l’achat dépasse tout montant possible : corrigez les lignes.

## Catalogue

refusal-refs-of-another = Ces références du fabricant sont celles d’un autre produit : { $references }.
refusal-ref-twice = La référence du fabricant « { $reference } » figure deux fois.
refusal-two-refs = La référence est donnée deux fois, avec des valeurs différentes : n’en gardez qu’une.
refusal-configurations = Un produit a { $most } configurations au plus (reçu : { $value }).
refusal-attributes-list = { $place }caractéristiques : { $value } ; { $most } au plus sont possibles.
refusal-attributes-object = { $place }caractéristique : { $value } ; indiquez un attribut et une valeur.
refusal-attributes-names = { $place }caractéristique : l’attribut et la valeur sont des noms de 1 à { $most } caractères.
refusal-attributes-key = { $place }caractéristique : « { $key } » est inconnu ; indiquez un attribut et une valeur.
refusal-master-around = { $place }le produit est celui qui contient la configuration : n’en indiquez pas d’autre.
refusal-category-above-itself = Une catégorie ne peut pas être au-dessus d’elle-même : choisissez une autre catégorie parente.
refusal-category-depth = L’arbre des catégories ne dépasse pas { $most } niveaux.

## Pictures and papers

refusal-picture-expected = { $field } : choisissez un fichier PNG ou JPEG (reçu : { $value }).
refusal-picture-kind = { $field } : le fichier n’est ni un PNG ni un JPEG. Choisissez une autre image.
refusal-paper-kind = Le fichier n’est ni un PDF, ni un JPEG, ni un PNG. Choisissez-en un autre.
refusal-file-size = { $field } : le fichier dépasse { $most } Mo. Choisissez-en un plus petit.
refusal-picture-size = { $field } : { $width } × { $height } dépassent { $most } mégapixels. Réduisez l’image.
refusal-file-base64 = { $field } : le fichier est mal transmis ({ $reason }). Choisissez-le de nouveau.
refusal-picture-unread = { $field } : l’image ne peut pas être lue ({ $reason }). Choisissez-en une autre.
refusal-picture-unwritten = { $field } : l’image ne peut pas être convertie ({ $reason }). Choisissez-en une autre.
refusal-picture-there = L’image se change sur la configuration elle-même.
refusal-many-pictures = { $count } images, c’est trop en une fois : { $most } au plus.
refusal-paper-required = Choisissez un fichier.
refusal-paper-file = Choisissez un fichier (reçu : { $value }).
refusal-paper-type = Une pièce jointe est un fichier, pas { $value }.
refusal-paper-model = Une pièce se joint à une opportunité ou à une commande.
refusal-paper-record = Indiquez l’opportunité ou la commande à laquelle joindre la pièce.
refusal-paper-by-itself = Une pièce jointe s’ajoute seule, pas dans un autre enregistrement.
refusal-many-papers = { $model } { $id } a déjà { $count } pièces jointes, { $most } au plus sont possibles.
refusal-no-file-field = { $field } n’est pas un fichier ({ $model }).
refusal-many-files = Un fichier se donne à { $most } enregistrements à la fois, pas à { $count }.

## Platforms

refusal-url-none = L’URL de base n’est pas une URL : saisissez-la comme https://banque.example.
refusal-url-parts = L’URL de base a un protocole, un hôte, un port et un chemin, rien d’autre.
refusal-url-host = L’URL de base n’a pas d’hôte : ajoutez-le.
refusal-url-https = L’URL de base doit commencer par https://.
refusal-url-private = L’URL de base ne peut pas être une adresse privée ou locale.
refusal-platform-paths = Les autres chemins sont un objet JSON, comme { $example }.
refusal-platform-secret = Le secret est « whsec_ » suivi de 24 à 64 octets en base64.
refusal-platform-off = La plateforme est désactivée : rien ne lui est envoyé. Activez-la d’abord.
refusal-one-platform = Comparez une plateforme à la fois.
refusal-compare-kind = Choisissez un genre parmi : { $kinds }.
refusal-compare-digests = Les empreintes sont un objet d’au plus 10 000 identifiants.
refusal-replay-since = Saisissez une date et une heure, comme 31/12/2026 23:59:59.
refusal-sync-kinds = Choisissez parmi : { $kinds }.
refusal-sync-kinds-list = Choisissez une liste de genres.

## Too much at once

refusal-many-records = { $count } enregistrements, c’est trop en une fois : { $most } au plus.
refusal-many-related = { $count } lignes changent en une fois, { $most } au plus sont possibles : enregistrez en plusieurs fois.
refusal-many-ids = Plus de { $most } enregistrements sont choisis : choisissez-en moins.
refusal-far-page = La page { $page } est au-delà de { $most } enregistrements : resserrez le filtre.
refusal-many-groups = Il y a plus de { $most } groupes : resserrez le filtre.
refusal-large-groups = Les groupes dépassent { $most } Mo : resserrez le filtre.
refusal-many-group-fields = On regroupe par { $most } champs au plus.
refusal-many-aggregates = { $most } totaux au plus par groupe.
refusal-many-match-list = Plus de { $most } enregistrements correspondent : resserrez le filtre, ou laissez « { $list } » de côté.
refusal-many-match-sealed = Plus de { $most } enregistrements correspondent : les champs chiffrés se lisent par pages. Resserrez le filtre.
refusal-many-match-files = Plus de { $most } enregistrements correspondent : les fichiers se lisent par pages. Resserrez le filtre.
refusal-many-match = Plus de { $most } enregistrements correspondent : resserrez le filtre.
refusal-many-match-services = Plus de { $most } enregistrements correspondent : resserrez le filtre, ou choisissez un seul modèle.
refusal-many-merged = Seuls les { $most } premiers peuvent être listés : choisissez un seul modèle.
refusal-many-elsewhere = Plus de { $most } enregistrements ({ $model }) correspondent à la condition sur { $path } : précisez-la.
refusal-many-elsewhere-together = Les conditions trouvent ensemble trop d’enregistrements : précisez-les.
refusal-many-for-query = Plus de { $most } enregistrements correspondent : resserrez le filtre.
refusal-many-for-workbook = Plus de { $most } enregistrements pour un classeur : exportez en CSV, ou resserrez le filtre.
refusal-many-documents = { $count } documents demandés : { $most } au plus par fichier. Choisissez-en moins.
refusal-long-documents = Ces documents ont trop de lignes pour un seul fichier : imprimez-en moins à la fois.
refusal-nested-lists = La page demande plus de { $most } listes à la fois : choisissez moins de colonnes.
refusal-large-answer = La réponse dépasse { $most } enregistrements liés : affichez moins de lignes par page.
refusal-large-answers = La réponse dépasse { $most } Mo : affichez moins de lignes par page.
refusal-many-led-to = { $path } mène à plus de { $most } enregistrements ({ $model }) : affichez moins de lignes par page.
refusal-many-services = { $path } passe par trop de relations ({ $most } au plus) : choisissez une colonne plus proche.
refusal-many-questions = Le filtre et les colonnes suivent plus de { $most } relations : choisissez-en moins.
refusal-many-in-list-file = { $path } ne s’exporte que par son identifiant.
refusal-elsewhere-in-file = { $field } ne s’exporte que par son identifiant ({ $comodel }).
refusal-several-services = Choisissez un seul modèle avant cette opération ({ $model }, { $method }).
refusal-number-from-to = { $name } est « { $value } » : un nombre entier de { $least } à { $most } est attendu.
refusal-number-to = { $name } est { $value } : un nombre entier de { $least } à { $most } est attendu.
refusal-cursor = Cette page de la liste n’existe plus (« { $value } ») : revenez au début.
refusal-format = « { $value } » n’est pas un format : choisissez CSV ou XLSX.
refusal-workbooks-busy = Trop de classeurs sont en cours. Réessayez, ou exportez en CSV.
refusal-share = Vous avez déjà { $count } demandes de ce genre en cours ({ $what }). Attendez la fin, puis réessayez.
refusal-all-taken = Le hub traite déjà { $count } demandes de ce genre ({ $what }). Réessayez.
refusal-body-file = Le fichier est trop grand : 10 Mo au plus (envoi limité à { $most } octets).
refusal-body = L’envoi est trop grand : { $most } octets au plus.
refusal-body-slow = L’envoi a pris trop de temps. Vérifiez votre connexion et réessayez.
refusal-body-broke-off = L’envoi s’est interrompu ({ $reason }). Réessayez.

## Search, order, files of a list

refusal-domain = Le filtre n’est pas valable : { $reason }.
refusal-filter-field-near = Le champ { $field } n’existe pas ({ $leaf }). Vouliez-vous dire « { $near } » ?
refusal-filter-field = Le champ { $field } n’existe pas ({ $leaf }). Choisissez-en un autre.
refusal-operator = L’opérateur « { $operator } » ne convient pas à { $field }. Choisissez-en un autre.
refusal-operator-tree = L’opérateur « { $operator } » ne convient pas à { $field }, qui n’est pas un arbre.
refusal-not-searched = On ne peut pas chercher par { $field } ({ $model }).
refusal-no-relation = { $field } n’est pas une relation ({ $model }).
refusal-elsewhere-filter = { $field } ne se filtre que par enregistrement ({ $comodel }).
refusal-file-compared = { $field } est un fichier : on cherche seulement s’il existe.
refusal-search-text = Pour chercher dans { $field }, saisissez un texte, pas { $value }.
refusal-many-wildcards = La recherche dans { $field } a plus de { $most } jokers (%, _).
refusal-pattern-escape = La recherche dans { $field } se termine par une barre oblique inverse : ôtez-la.
refusal-many-relations = Plus de { $most } relations dans une condition.
refusal-encrypted-searched = { $field } est chiffré : on ne peut ni chercher ni trier par lui ({ $model }).
refusal-encrypted-read = { $field } est chiffré : ouvrez l’enregistrement pour le lire ({ $model }).
refusal-not-grouped = On ne peut pas regrouper par { $field } ({ $model }, { $why }).
refusal-not-summed = « { $function } » ne convient pas à { $field } ({ $model }, { $kind }).
refusal-no-period = Seules les dates ont des périodes : { $field } est de type { $kind } ({ $spec }).
refusal-grouped-file = { $field } est un fichier : on ne peut ni regrouper ni additionner.
refusal-grouped-order = On ne peut pas trier les groupes par { $field }.
refusal-order-file = On ne peut pas trier par { $field } : c’est un fichier.
refusal-order-elsewhere = On ne peut pas trier par { $field } ({ $comodel }).
refusal-order-several = On ne peut pas trier par { $field } : il a plusieurs valeurs.
refusal-order-many = On trie par { $most } champs au plus.
refusal-order-many-groups = Trop de champs de tri : choisissez-en moins.
refusal-order-wrong = Le tri « { $key } » n’est pas valable : cliquez sur une colonne.
refusal-order-direction = Le sens du tri « { $key } » n’est pas valable : cliquez sur une colonne.
refusal-filter-json = Le filtre de l’adresse ne peut pas être lu ({ $name }, { $reason }). Reprenez-le depuis la liste.
refusal-file-column = Choisissez au moins une colonne à exporter.
refusal-file-columns = Un fichier a { $most } colonnes au plus : choisissez-en moins.
refusal-export-columns = Exportez { $most } colonnes au plus.
refusal-file-in-file = { $field } est lui-même un fichier : il ne s’exporte pas dans une liste.
refusal-block-in-file = { $field } est une liste : elle ne tient pas dans une ligne de fichier.
refusal-long-name = La recherche est trop longue : { $most } caractères au plus.
refusal-time-zone-name = « { $zone } » n’est pas un fuseau horaire : indiquez par exemple Africa/Algiers.

## Import

refusal-import-columns = Le CSV a { $count } colonnes : il en faut de 1 à { $most }.
refusal-import-csv = Le CSV ne peut pas être lu : { $reason }.
refusal-import-lines = Plus de { $most } lignes : importez en plusieurs fois.
refusal-import-names = Plus de { $most } colonnes.
refusal-import-rows = { $count } lignes, c’est trop en une fois : { $most } au plus.
refusal-import-data = Choisissez un fichier à importer.
refusal-import-row = La ligne { $row } ne peut pas être lue.
refusal-import-cells = La ligne { $row } a { $count } cellules, alors qu’il y a { $columns } colonnes.
refusal-import-cell-size = Ligne { $row }, « { $column } » : une cellule dépasse { $most } octets.
refusal-import-many-columns = { $count } colonnes, c’est trop : { $most } au plus.
refusal-import-column-twice = La colonne « { $column } » figure deux fois.
refusal-import-column-list = La colonne « { $column } » est une liste : importez ces enregistrements séparément.
refusal-import-column-elsewhere = La colonne « { $column } » mène à { $comodel } : donnez le numéro dans « { $field }/.id ».
refusal-import-external = « { $cell } » n’est pas un identifiant externe : écrivez module.nom.
refusal-import-number = « { $cell } » n’est pas un nombre.
refusal-import-no-match = Aucun enregistrement n’a l’identifiant externe « { $name } » ({ $field }).
refusal-import-many-named = Plus de { $most } enregistrements dans une cellule.
refusal-import-more = et { $count } lignes de plus
refusal-import-nothing-stored = Rien n’est enregistré.
refusal-import-partly-stored = Les lignes 1 à { $last } sont enregistrées, aucune après : corrigez le fichier et renvoyez-le en entier.

## The hub itself: away, full, or wrong

refusal-internal = Le serveur a rencontré une erreur. Signalez-la à l’administrateur avec ce numéro de trace : { $trace }
refusal-starting = Le hub démarre. Réessayez dans un instant.
refusal-service-not-there = Une partie du hub ne répond pas ({ $service }). Réessayez.
refusal-service-away = Une partie du hub ne répond pas ({ $service }). Réessayez.
refusal-service-broke-off = Une partie du hub a coupé sa réponse ({ $service }). Réessayez.
refusal-service-answer = Une partie du hub a mal répondu. Réessayez, puis prévenez l’administrateur.
refusal-service-more = Une partie du hub a mal répondu. Réessayez, puis prévenez l’administrateur.
refusal-clocks = Les horloges du hub diffèrent. Réessayez, puis prévenez l’administrateur.
refusal-database-busy = La base de données est occupée ou absente. Réessayez.
refusal-database-away = La base de données est absente. Réessayez.
refusal-database-silent = La base de données ne répond pas. Réessayez.
refusal-database-unable = La base de données ne peut pas le faire maintenant. Réessayez.
refusal-outcome-unknown = La base de données s’est absentée pendant l’enregistrement : vérifiez si c’est fait, puis recommencez.
refusal-too-slow-ask-less = La demande a pris trop de temps : resserrez le filtre ou demandez moins.
refusal-too-slow = La demande a pris trop de temps. Réessayez.
refusal-answer-broke-off = La réponse s’est interrompue. Réessayez.
refusal-answer-not-put-together = La réponse n’a pas pu être préparée. Réessayez.
refusal-records-removed = Des enregistrements ont été supprimés pendant la lecture. Réessayez.
refusal-nothing-printed = Le hub s’arrête et n’imprime plus. Réessayez dans un instant.
refusal-method-not-allowed = Cette action n’est pas possible ici ({ $allowed }).

## Why a delivery to a platform was not made, as its attempts tell

refusal-push-unwanted = La plateforme n’en veut plus.
refusal-push-nothing = Il n’y avait rien à envoyer.
refusal-push-service-away = Une partie du hub est absente ; envoi non tenté.
refusal-push-service-slow = Une partie du hub est lente ; envoi non tenté.
refusal-push-secret = Le secret de la plateforme ne peut pas être ouvert ; envoi non tenté. Donnez-lui un nouveau secret.
refusal-push-switched-off = La plateforme a été désactivée ; envoi non tenté. Activez-la pour reprendre.
refusal-push-others-failed = D’autres appels sont restés sans réponse ; envoi non tenté.
refusal-push-others-slow = D’autres appels ont mis longtemps ; envoi non tenté.
refusal-push-taken = Un autre processus s’en charge ; envoi non tenté ici.
refusal-push-database = La base de données du hub est absente ; envoi non tenté.
refusal-push-timeout = Pas de réponse à temps. Vérifiez la plateforme.
refusal-push-gone = La plateforme a répondu 410 : elle est désactivée. Activez-la pour reprendre.
refusal-push-record = L’enregistrement à envoyer ne peut pas être lu : { $reason }

## Why a call failed, and what can not be done to a platform

refusal-why-gone = La plateforme a répondu { $status } : elle ne veut plus rien recevoir et a été désactivée
refusal-why-signature = La plateforme a répondu { $status } : elle n’a pas accepté notre signature
refusal-why-moved = La plateforme a répondu { $status } : elle a changé d’adresse, et nous ne la suivons pas
refusal-why-status = La plateforme a répondu { $status }
refusal-why-unreached-one = La plateforme n’a pas pu être jointe en { $many } seconde
refusal-why-unreached = La plateforme n’a pas pu être jointe en { $many } secondes
refusal-why-unanswered-one = La plateforme n’a pas répondu en { $many } seconde
refusal-why-unanswered = La plateforme n’a pas répondu en { $many } secondes
refusal-why-private = Le nom de l’adresse de la plateforme ne mène à aucune adresse publique
refusal-why-unknown = Le nom de l’adresse de la plateforme est inconnu
refusal-why-expired = Le certificat de la plateforme a expiré : il n’est pas accepté
refusal-why-other-name = Le certificat de la plateforme est pour un autre nom : il n’est pas accepté
refusal-why-untrusted = Le certificat n’est pas de confiance
refusal-why-refused = La connexion a été refusée
refusal-why-network = Le réseau de la plateforme est injoignable
refusal-why-insecure = Aucune connexion sûre n’a pu être établie
refusal-why-connection = Aucune connexion n’a pu être établie
refusal-why-broken = La connexion s’est rompue avant la réponse
refusal-platform-paused = La plateforme est désactivée ou en pause : rien ne lui est envoyé.
refusal-one-secret = Une seule plateforme à la fois reçoit un nouveau secret.
refusal-replay-most = Plus de { $most } envois : renvoyez-en autant à la fois, ou donnez un filtre.
refusal-write-off-free = Seulement { $free } de { $reference } sont libres à { $place }, { $reserved } de plus sont réservés : { $quantity } ne peuvent pas être mis au rebut.
refusal-one-quantity = Une quantité à la fois.
