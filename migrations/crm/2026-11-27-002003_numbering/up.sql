-- Numbers of invoices go on in the form that each journal has in the system that its documents came from: a name in which {y4}, {y2},
-- {m} and {n} stand for year, month and number. Without a row a journal has its own form.
CREATE TABLE account_numbering (
    journal   text   PRIMARY KEY,
    form      text   NOT NULL,
    width     bigint NOT NULL,
    -- Of the newest document
    of_date   date   NOT NULL,
    of_number bigint NOT NULL
);

-- The form of a document's name, its number, and with how many digits that is written; none where it has none.
CREATE FUNCTION account_form(name text, day date, OUT form text, OUT number bigint, OUT width bigint)
    LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    parts text[] := regexp_match(name, '^(|.*\D)(\d{1,15})(\D*)$');
    years text := to_char(day, 'YYYY') || '|' || to_char(day, 'YY');
    head  text[];
BEGIN
    IF parts IS NULL OR day IS NULL OR name ~ '[{}]' THEN
        RETURN;
    END IF;
    number := parts[2]::bigint;
    width := length(parts[2]);
    head := regexp_match(parts[1], '^(|.*\D)(' || years || ')(\D*)(' || to_char(day, 'MM') || ')(\D+)$');
    IF head IS NOT NULL THEN
        form := head[1] || '{y' || length(head[2]) || '}' || head[3] || '{m}' || head[5] || '{n}' || parts[3];
        RETURN;
    END IF;
    head := regexp_match(parts[1], '^(|.*\D)(' || years || ')(\D+)$');
    IF head IS NOT NULL THEN
        form := head[1] || '{y' || length(head[2]) || '}' || head[3] || '{n}' || parts[3];
    ELSE
        form := parts[1] || '{n}' || parts[3];
    END IF;
END
$$;

-- How long numbers of a form rise: a month, a year, or for ever (0); as account_sequence has it beside a year.
CREATE FUNCTION account_period(form text, day date) RETURNS bigint LANGUAGE sql IMMUTABLE
    RETURN CASE
        WHEN form LIKE '%{m}%' THEN extract(year FROM day)::bigint * 100 + extract(month FROM day)::bigint
        WHEN form LIKE '%{y4}%' OR form LIKE '%{y2}%' THEN extract(year FROM day)::bigint
        ELSE 0
    END;

-- Whose numbers a form's are, as account_sequence has it: documents of one form never have the same number, whatever their journal.
CREATE FUNCTION account_sequence_of(form text) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN CASE form WHEN 'FAC/{y4}/{n}' THEN 'FAC' WHEN 'RFAC/{y4}/{n}' THEN 'RFAC' ELSE form END;

-- After documents came: their journals go on beyond the greatest number of each form, in the form of the newest.
CREATE FUNCTION account_go_on(_moves bigint[]) RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO account_sequence (journal, year, last)
    SELECT account_sequence_of(f.form), account_period(f.form, d.day), max(f.number)
    FROM account_move m, LATERAL (SELECT coalesce(m.invoice_date, m.date) AS day) d, account_form(m.name, d.day) f
    WHERE m.id = ANY (_moves) AND f.form IS NOT NULL
    GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (journal, year) DO UPDATE SET last = greatest(account_sequence.last, excluded.last);

    INSERT INTO account_numbering (journal, form, width, of_date, of_number)
    SELECT DISTINCT ON (1) CASE m.move_type WHEN 'out_refund' THEN 'RFAC' ELSE 'FAC' END, f.form, f.width, d.day, f.number
    FROM account_move m, LATERAL (SELECT coalesce(m.invoice_date, m.date) AS day) d, account_form(m.name, d.day) f
    WHERE m.id = ANY (_moves) AND m.state = 'posted' AND f.form IS NOT NULL
    ORDER BY 1, d.day DESC, f.number DESC
    ON CONFLICT (journal) DO UPDATE
        SET form = excluded.form, width = excluded.width, of_date = excluded.of_date, of_number = excluded.of_number
        WHERE (excluded.of_date, excluded.of_number) > (account_numbering.of_date, account_numbering.of_number);
END
$$;
