import hub.ApiClient;
import hub.api.CrmApi;
import hub.api.SessionsApi;
import hub.model.AuthRequest;
import hub.model.AuthRequestParams;
import hub.model.SaleOrder;
import hub.model.SaleOrderWrite;
import hub.model.SaleOrderWriteOneRequest;
import hub.model.SaleOrderWriteOneRequestParams;
import java.util.List;

/** A client that openapi-generator made of the hub's document: logs in, lists with a filter, reads an order, changes it. */
class Client {
    public static void main(String[] arguments) throws Exception {
        ApiClient hub = new ApiClient();
        hub.updateBaseUri(arguments[0]);
        AuthRequestParams who = new AuthRequestParams().login("ekiclik").password("ekiclik");
        String session = new SessionsApi(hub).auth(new AuthRequest().params(who)).getResult().getSessionId();
        hub.setRequestInterceptor(request -> request.header("X-Openerp-Session-Id", session));

        CrmApi crm = new CrmApi(hub);
        String filter = "[[\"ek_state\", \"!=\", \"EK_CLIENT_ORDER_CANCELED\"]]";
        String query = "{id, name, partner_id{name}}";
        List<SaleOrder> orders = crm.saleOrderList(query, filter, null, null, null, 1, null, null).getResult();
        SaleOrder order = orders.get(0);
        String client = order.getPartnerId().getResPartner().getName().getString();
        hold(orders.size() == 1 && !client.isEmpty(), orders);
        String note = "changed by Java";
        SaleOrderWriteOneRequestParams params = new SaleOrderWriteOneRequestParams().data(new SaleOrderWrite().note(note));
        hold(crm.saleOrderWriteOne(order.getId(), new SaleOrderWriteOneRequest().params(params), null).getResult(), "the change");
        SaleOrder read = crm.saleOrderRead(order.getId(), null);
        hold(read.getId().equals(order.getId()) && read.getName().equals(order.getName()), read);
        hold(read.getNote().getString().equals(note), read);
        System.out.println("openapi-generator, Java");
    }

    static void hold(boolean isSo, Object what) {
        if (!isSo) throw new AssertionError(what);
    }
}
