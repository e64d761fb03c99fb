# Les phrases de la console.

skip = Aller au contenu
menu = Menu
log-out = Se déconnecter
away = Ne répondent pas pour l’instant : { $services }. Le reste fonctionne.
menu-home = Tableau de bord
menu-sales = Ventes
menu-orders = Commandes
menu-leads = Opportunités
menu-loans = Dossiers de crédit
menu-invoices = Factures et avoirs
menu-clients = Clients
menu-stock = Stock
menu-matrix = Quantités
menu-shortages = Ruptures
menu-transfers = Transferts et réceptions
menu-purchases = Achats
menu-catalogue = Catalogue
menu-products = Produits
menu-configurations = Configurations
menu-categories = Catégories
menu-attributes = Caractéristiques
menu-exchange = Échanges
menu-pushes = Envois aux plateformes
menu-refused = Demandes refusées
menu-live = En direct
menu-settings = Réglages
menu-pos = Points de vente
menu-users = Utilisateurs et droits
menu-banks = Banques
menu-company = Société
menu-account = Mon compte
menu-models = Toutes les données
models-about = Chaque modèle que vous pouvez lire, avec sa liste, ses filtres et ses formulaires.
login-title = Connexion
login-about = La plateforme d’échange des banques partenaires.
login-login = Identifiant
login-password = Mot de passe
login-enter = Se connecter
login-language = Langue
login-wrong = Identifiant ou mot de passe incorrect. Vérifiez-les et réessayez.
refused-missing = Page introuvable
refused-denied = Accès refusé
refused-ours = Un problème de notre côté
refused-refused = Demande refusée
back-home = Retour au tableau de bord
list-count = { $count ->
        [0] aucun enregistrement
        [one] { $count } enregistrement
       *[other] { $count } enregistrements
    }
list-range = { $first }–{ $last } sur { $count }
list-more = Plus
list-none = Rien ici pour l’instant.
list-none-found = Rien ne correspond à cette recherche. Élargissez-la ou effacez-la.
new = Nouveau
add = Ajouter
all-of-them = Tout voir
export-csv = Exporter en CSV
export-xlsx = Exporter en XLSX
import = Importer un fichier
archived = Archivé
archived-show = Montrer aussi les archivés
archived-hide = Cacher les archivés
archive = Archiver
unarchive = Désarchiver
unlink = Supprimer
sure-unlink = Supprimer pour de bon ?
search = Rechercher
search-in = Rechercher… ( / )
search-clear = Effacer
from = du
to = au
all = Tous
yes = Oui
no = Non
unset = Non renseigné
positive = Plus que 0
group-by = Grouper par
group-none = —
group = Groupe
group-count = Nombre
saved = Filtres enregistrés
columns = Colonnes
columns-show = Afficher
filter-given = Filtre reçu de la page précédente
choose = Choisir
choose-all = Tout choisir
chosen = Pour la sélection :
print = Imprimer
sum = Total
pages = Pages
previous = Précédent
next = Suivant
edit = Modifier
save = Enregistrer
cancel = Annuler
steps = Prochaines étapes
sealed = Données confidentielles
sealed-about = Elles sont chiffrées. Chaque consultation est inscrite dans l’audit.
sealed-open = Les afficher
history = Historique
history-made = Créé
history-removed = Supprimé
history-hub = Le hub
form-new = { $what } : nouveau
form-edit = Modifier : { $what }
relation-type = Tapez un nom…
relations-type = Un nom par ligne.
input-number = Un nombre est attendu, par exemple 79 000,50.
input-moment = Une date et une heure sont attendues.
input-nobody = Aucun enregistrement ne s’appelle « { $name } ».
input-several = Plusieurs portent ce nom. Choisissez : { $names }.
done-saved = Enregistré.
done-step = C’est fait.
done-removed = Supprimé.
print-sale-report_saleorder = Pro forma (PDF)
print-account-report_invoice = Facture (PDF)
print-stock-report_deliveryslip = Bon (PDF)
print-stock-report_picking = Bon de réception (PDF)
argument-reason = Motif
argument-since = Depuis (UTC)
argument-kinds = Quoi
argument-kind = Quoi
argument-quantity = Quantité
argument-state = Étape

# Le tableau de bord
home-today = Commandes aujourd’hui
home-month = Commandes en 30 jours
home-refused = Demandes refusées aujourd’hui
home-in-month = { $count } en 30 jours
home-platform = En attente vers { $name }
home-lag = Retard : { $minutes } min
home-no-lag = Aucun retard
home-dead = { $count } abandonnés
home-short = Mouvements en rupture
home-short-about = Commandes qui attendent des marchandises
home-by-state = Par statut, 30 jours
home-by-bank = Par banque, 30 jours
home-chart-sale-order = Montant des commandes par jour
home-chart-ek-request = Demandes refusées par jour
home-numbers = Les chiffres
day = Jour
amount = Montant
share = Part

# Opportunités en tableau
menu-jobs = Imports et exports
leads-as-list = Voir en liste
leads-bank = Banque
leads-every-bank = Toutes les banques
leads-none = Aucune opportunité à cette étape.
leads-folded = Étape repliée : ouvrez-la en liste.
leads-priority = Priorité : { $priority }
leads-move = Déplacer…
leads-to = Déplacer vers
leads-move-now = Déplacer
done-moved = Opportunité déplacée.

# Dossiers de crédit
loans-count = { $count ->
        [0] aucun dossier
        [one] { $count } dossier
       *[other] { $count } dossiers
    }
history-look = A consulté : { $fields }
loans-all = Tous
loans-states = États des dossiers
loans-none = Aucun dossier de crédit pour l’instant. Ils arrivent avec les opportunités.
loans-progress = Avancement
loans-step = Changer l’état des dossiers choisis
loans-step-about = Le motif est gardé avec le dossier et dans son historique ; la plateforme de la banque l’apprend.
loans-state = Nouvel état
loans-reason = Motif
loans-take = Appliquer
loans-choose = Choisissez au moins un dossier.

# Groupes des formulaires
groups-identity = Identité
groups-rights = Droits
groups-preferences = Préférences
groups-address = Adresse
groups-registers = Registres et fiscalité
groups-payment = Paiement
groups-others = Autres

# Utilisateurs et droits
person-administrator = Administre le hub : lit et modifie tout, y compris les dossiers de crédit, et tous les utilisateurs.
person-staff = Personnel du hub : travaille sur les commandes, le stock, les achats et le catalogue de toutes les banques ; ne voit aucun dossier de crédit.
person-integration = Le programme de la plateforme : lit et écrit pour toutes les banques, y compris les dossiers de crédit.
person-manager = Gère sa banque : ses opportunités, commandes, factures et dossiers de crédit, et ses utilisateurs jusqu’à son propre rôle.
person-analyst = Travaille pour sa banque : lit ses opportunités, commandes et factures, et traite ses dossiers de crédit.
person-clerk = Travaille dans un point de vente, { $pos } : ses opportunités, commandes et marchandises ; aucun dossier de crédit.
person-outsider = Ne voit que son compte et le catalogue : il n’a ni point de vente, ni marque de la plateforme.
person-archived = Archivé : ne peut pas se connecter.
rights = Droits
rights-table = Tout ce qui est permis, par type de donnée
rights-what = Donnée
rights-read = Lire
rights-create = Créer
rights-write = Modifier
rights-unlink = Supprimer
keys = Clés d’API
keys-none = Aucune clé. Une clé permet à un programme d’interroger le hub au nom de cet utilisateur.
keys-new = Nouvelle clé
keys-name = À quoi elle sert
keys-days = Valable, en jours
keys-make = Créer la clé
keys-made = La clé est créée. Copiez-la maintenant.
keys-made-about = Elle n’est montrée que cette fois : le hub n’en garde qu’une empreinte.
keys-end = Mettre fin
keys-sure = Mettre fin à cette clé ? Les programmes qui l’utilisent seront refusés.
sessions = Sessions ouvertes
sessions-none = Aucune session ouverte.
sessions-here = Celle-ci
sessions-end = Mettre fin
sessions-end-all = Mettre fin à toutes les sessions
sessions-end-others = Mettre fin à toutes les autres
sessions-sure = Mettre fin à ces sessions ? Il faudra s’y reconnecter.
password = Mot de passe
password-about = Vos autres sessions et vos clés d’API prennent fin quand il change.
password-old = Mot de passe actuel
password-new = Nouveau mot de passe
password-again = Nouveau mot de passe, encore
password-change = Changer
password-give = Donner un mot de passe
password-give-about = Les sessions et les clés d’API de l’utilisateur prennent fin. Transmettez-le par une voie que personne d’autre ne lit.
password-set = Donner
password-empty = Tapez le nouveau mot de passe.
password-long = Le mot de passe est trop long.
password-differs = Les deux nouveaux mots de passe diffèrent. Tapez deux fois le même.
password-wrong = Le mot de passe actuel est incorrect.
account-who = Qui je suis
account-zone = Fuseau horaire
done-password = Le mot de passe est changé.
done-key-ended = La clé a pris fin.
done-session-ended = La session a pris fin ; le hub l’oublie dans les 20 secondes.

# Filtres enregistrés
filter-save = Enregistrer ce filtre
filter-name = Nom
filter-whose = Pour
filter-me = Moi
filter-all = Tous mes collègues
filter-shared = partagé
filter-remove = Retirer
filter-sure = Retirer ce filtre ?
done-filter = Le filtre est enregistré.
done-filter-removed = Le filtre est retiré.

# Imports
import-title = Importer : { $what }
import-file = Un fichier (CSV)
import-csv = Le tableau
import-csv-help = La première ligne nomme les colonnes, par leur nom technique ou comme cette page les appelle ; virgules, points-virgules ou tabulations les séparent. Rien n’est enregistré avant que vous le demandiez.
import-try = Vérifier
import-run = Importer
import-fields = Colonnes possibles
import-column = Colonne
import-name = Nom dans le fichier
import-needed = Obligatoire
import-line = Ligne du fichier
import-problem = Ce qui ne va pas
import-wrong-table = Lignes à corriger
import-sample = Tel qu’il a été lu
import-external = Identifiant externe
import-number = Numéro
import-unread = Le tableau ne peut pas être lu : { $value }
import-empty = Il n’y a aucune ligne sous les noms des colonnes.
import-long = Le tableau dépasse { $value } Mo. Envoyez-le en plusieurs parties.
import-lines = Le tableau a plus de { $value } lignes. Envoyez-le en plusieurs parties.
import-columns = Le tableau a plus de { $value } colonnes.
done-import = L’import a commencé. Il continue si vous quittez cette page.

# Imports en cours
jobs-about = Les imports continuent quand vous partez ; ils sont gardés 24 heures. Celui qui s’est interrompu reprend où il en était, sans rien enregistrer deux fois.
jobs-none = Aucun import. Commencez-en un depuis une liste : Plus, Importer un fichier.
jobs-what = Quoi
jobs-model = Donnée
jobs-state = État
jobs-far = Avancement
jobs-when = Commencé
jobs-waiting = En attente
jobs-running = En cours
jobs-done = Terminé
jobs-failed = Arrêté par une erreur
jobs-broken = Interrompu
jobs-go = Reprendre
jobs-file = Fichier
jobs-sure = Le retirer de cette liste ? Ce qui est enregistré reste.
done-going = C’est reparti.
import-right = { $count ->
        [one] { $count } ligne est correcte. Vous pouvez l’importer.
       *[other] { $count } lignes sont correctes. Vous pouvez les importer.
    }
import-wrong = { $count ->
        [one] { $count } ligne à corriger
       *[other] { $count } lignes à corriger
    }
