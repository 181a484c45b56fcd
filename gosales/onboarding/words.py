"""What columns of sales logs are called, in English and some German, French and Spanish.

A strong word names one thing; a weak one names several ("customer" may be a number or a name), so
it needs the values to agree. A decoy is a thing a log often has and GoSales does not map: naming it
keeps it from being taken for something else. A new word is a word in one of these tables.
"""

import re
import unicodedata
from functools import cache

STRONG = {
    "customer_id": "customerid custid customerno custno customernumber customernum customercode "
    "customerkey custkey clientid clientno clientcode clientnumber accountid accountno "
    "accountnumber companyid companyno companycode buyerid soldto soldtoparty soldtoid billtoid "
    "debtorno householdid memberid kundennummer kundennr kundenid kdnr kundnr debitor debitorennr "
    "debitorennummer numclient nclient noclient numeroclient idclient codeclient idcliente codigocliente "
    "codcliente numerocliente nocliente",
    "customer_name": "customername custname clientname accountname companyname buyername "
    "soldtoname kundenname kundename firma firmenname debitorenname nomclient nomduclient "
    "raisonsociale nombrecliente razonsocial",
    "order_date": "orderdate invoicedate transactiondate transdate saledate salesdate salesdt "
    "purchasedate billingdate recdate orderedat ordereddate orderdt invoicedt docdate "
    "documentdate bestelldatum rechnungsdatum rechdatum auftragsdatum belegdatum verkaufsdatum "
    "datecommande datedecommande datefacture datefacturation datevente fechapedido fechafactura "
    "fechaventa",
    "recorded_at": "posteddate postingdate posteddt postedat postedon posted createdat createdon "
    "createddate creationdate entrydate enteredat enteredon recordedat recordeddate recordedon "
    "loaddate loadedat bookingdate bookedon insertedat ingestedat buchungsdatum erfassungsdatum "
    "erfasstam angelegtam datesaisie datecomptable datecreation fecharegistro fechacontable",
    "invoice_id": "invoice invoiceid invoiceno invoicenumber invoicenum invoicenr invno "
    "orderid orderno ordernumber ordernum ordernr salesorder salesorderno salesordernumber "
    "documentno documentnumber docno docnum documentid billno receiptno receiptid transactionid "
    "transactionno transid basketid voucherno rechnung rechnungsnummer rechnungsnr rechnungnr renr "
    "belegnummer belegnr auftrag auftragsnummer auftragsnr bestellnummer bestellnr facture "
    "numfacture numerofacture nofacture commande numcommande numerocommande factura numfactura "
    "numerofactura nofactura numpedido numeropedido",
    "sku": "sku skuid skucode articleid articleno articlenumber articlecode itemid itemno "
    "itemnumber itemcode itemsku productid productno productnumber productcode productkey prodid "
    "partno partnumber partnum stockcode materialno materialnumber upc ean gtin artikelnummer "
    "artikelnr artnr artikelid materialnummer materialnr sachnummer codearticle refarticle "
    "referencearticle codeproduit idproducto codigoproducto codigoarticulo codproducto",
    "quantity": "quantity qty qtysold quantitysold units unitssold qtyshipped qtyordered "
    "quantityordered orderqty orderquantity invoicedqty menge stueck stuck stk stueckzahl anzahl "
    "absatz quantite qte cantidad cant unidades",
    "revenue": "revenue netrevenue sales netsales salesamount salesvalue netamount netvalue "
    "linetotal lineamount linevalue extendedprice extprice extamount extendedamount turnover "
    "umsatz nettoumsatz umsatznetto nettobetrag betragnetto nettowert nettowarenwert erlos erloes "
    "nettoerlos chiffreaffaires chiffredaffaires caht montantht totalht ventes importeneto "
    "ingresos ventanetas ventas",
    "gross_profit": "grossprofit grossmargin gp gpamount grossprofitamount profit margin "
    "marginamount contributionmargin rohertrag rohgewinn deckungsbeitrag db db1 marge margebrute "
    "beneficio margen margenbruto gananciabruta",
    "rep": "rep salesrep salesperson salespersonname salesrepname repname repid salesrepid "
    "salesagent accountmanager accountexecutive accountowner seller vertreter verkaeufer verkaufer "
    "vertriebsmitarbeiter aussendienst betreuer kundenbetreuer commercial vendeur representant "
    "vendedor comercial",
    "branch": "branch branchname branchid branchcode office salesoffice store storeid storename "
    "location shop filiale niederlassung standort geschaftsstelle agence succursale magasin "
    "sucursal tienda",
    "region": "region regionname salesregion area salesarea gebiet vertriebsgebiet verkaufsgebiet "
    "zona salesterritory territory",
    "currency": "currency currencycode invoicecurrency currencyiso curr ccy transactioncurrency "
    "doccurrency wahrung waehrung wahrungscode devise moneda divisa",
    "conversion_rate": "conversionrate exchangerate fxrate currencyrate kurs wechselkurs "
    "umrechnungskurs tauxchange tauxdechange tauxconversion tipocambio tipodecambio tasacambio",
    "source_division": "division divisionname businessunit productline productdivision "
    "productcategory category categoryname maincategory department segmentproduct sparte "
    "geschaftsbereich produktbereich produktkategorie kategorie warengruppe hauptwarengruppe "
    "categorie gammeproduit departement familleproduit rayon linea lineaproducto categoria "
    "lineadenegocio",
    "family": "family productfamily subcategory productsubcategory subcategoryname productgroup "
    "itemgroup subdivision productsubclass productfamilie produktfamilie produktgruppe "
    "unterkategorie unterwarengruppe artikelgruppe famille souscategorie sousfamille familia "
    "subcategoria",
}
WEAK = {
    "customer_id": "customer client account company kunde cliente buyer soldto household",
    "customer_name": "customer client account company name kunde cliente buyer nom nombre",
    "order_date": "date day datum tag fecha jour invoiced ordered",
    "invoice_id": "order document doc bill receipt transaction beleg bestellung pedido basket",
    "sku": "item product article part material artikel produkt produit article producto model",
    "revenue": "amount total value betrag summe wert gesamt brutto bruttobetrag nettopreis montant "
    "totalttc importe valor subtotal totalamount totalprice grosssales gross net netto nett price",
    "gross_profit": "gm",
    "rep": "agent owner manager mitarbeiter",
    "region": "state bundesland province country land pays pais zone",
    "source_division": "group class segment gruppe bereich groupe grupo type",
    "conversion_rate": "rate fx taux",
}
DECOYS = {
    "unit price": "unitprice price listprice saleprice sellingprice einzelpreis stuckpreis preis "
    "listenpreis prixunitaire prix precio preciounitario priceperunit",
    "cost": "cost unitcost standardcost cogs costofgoods costamount einstandspreis ek "
    "einkaufspreis kosten cout prixachat coste costo",
    "discount or tax": "discount discountpct discountamount rabatt rabattproz remise descuento tax "
    "taxamount vat vatamount mwst ust tva iva salestax freight shipping versand fracht skonto",
    "another date": "shipdate shippeddate deliverydate duedate requesteddate paymentdate "
    "expirationdate lieferdatum falligkeit faelligkeitsdatum zahlungsdatum versanddatum "
    "datelivraison dateecheance fechaentrega fechavencimiento birthdate birthday valuedate",
    "product name": "productname itemname description itemdescription productdescription "
    "articlename articledescription bezeichnung artikelbezeichnung artikeltext artikelname "
    "produktname produktbezeichnung designation libelle descripcion nombreproducto",
    "line number": "line lineno linenumber linenum lineitem orderline pos position posnr zeile "
    "zeilennr ligne numligne rownumber rowid linea numlinea",
    "order type": "ordertype doctype documenttype transactiontype invoicetype salestype saletype "
    "belegart auftragsart typecommande tipo",
    "address": "zip zipcode postcode postalcode plz ort city town street address adresse strasse "
    "codepostal ville ciudad codigopostal email phone telefon",
}
# In the header of a SKU's column in a wide log.
QUANTITY_WORDS = (
    "qty quantity units unit pcs pieces count menge stk stuck stueck anzahl qte quantite cantidad "
    "unidades volume"
)
PROFIT_WORDS = "gp profit margin grossprofit db rohertrag marge margen"
REVENUE_WORDS = (
    "revenue rev sales amount amt value usd eur umsatz betrag erlos ca montant ventas net netto "
    "turnover"
)


@cache
def tokens(header: str) -> tuple[str, ...]:
    """Split a header into lower-case words without accents; camel case is split too.

    Examples
    --------
    >>> tokens("UsdCadConversionRate"), tokens("Kd-Nr.")
    (('usd', 'cad', 'conversion', 'rate'), ('kd', 'nr'))
    """
    plain = unicodedata.normalize("NFKD", header)
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", plain)
    return tuple(re.findall(r"[a-z0-9]+", apart.casefold()))


def name_points(header: str, role: str) -> int:
    """Say how strongly a header names a role: 3 it is a name of it, 2 it ends in one, 1 weakly.

    Examples
    --------
    >>> name_points("Cust. No.", "customer_id"), name_points("Customer", "customer_id")
    (3, 1)
    >>> name_points("Ship Date", "order_date")
    0
    """
    words = tokens(header)
    if decoy_of(header):
        return 0
    if "".join(words) in _strong(role):
        return 3
    # "Erp Customer Id", "Order Date (UTC)": a name with more words around it.
    spans = {"".join(words[a:b]) for a in range(len(words)) for b in range(a + 1, len(words) + 1)}
    if {span for span in spans if len(span) > 3} & _strong(role):
        return 2
    return 1 if "".join(words) in _weak(role) or set(words[-1:]) & _weak(role) else 0


def decoy_of(header: str) -> str | None:
    """Name what a header says that GoSales does not map; None where it says no such thing."""
    words = tokens(header)
    joined = {"".join(words), "".join(words[-2:]), *words[-1:]}
    exact = next((what for what, names in DECOYS.items() if "".join(words) in names.split()), None)
    if exact:
        return exact
    if any("".join(words) in _strong(role) for role in STRONG):
        return None
    return next((what for what, names in DECOYS.items() if joined & set(names.split())), None)


@cache
def _strong(role: str) -> frozenset[str]:
    return frozenset(STRONG.get(role, "").split())


@cache
def _weak(role: str) -> frozenset[str]:
    return frozenset(WEAK.get(role, "").split())
